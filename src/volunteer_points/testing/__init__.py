"""The public test kit: strategies, small programmes, machines that drive stores, and the conformance kit for stores.

Imported by nothing else.
"""
