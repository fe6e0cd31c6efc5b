"""What Alembic runs for the revisions of this library alone. A host has an environment of its own."""

from alembic import context

from volunteer_points.storage.migrations import VERSION_TABLE
from volunteer_points.storage.migrations.guarding import naming_in
from volunteer_points.storage.schema import METADATA

naming = naming_in(context.config)
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=naming.name(VERSION_TABLE),
    version_table_schema=naming.schema,
    transactional_ddl=False,  # whoever called has begun a transaction and will end it
)
context.run_migrations()
