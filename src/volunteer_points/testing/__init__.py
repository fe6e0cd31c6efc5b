"""The public test kit: strategies, small programmes, and machines that drive stores. Imported by nothing else."""
