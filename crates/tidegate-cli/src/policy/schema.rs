//! The JSON Schema of policy files, made of the file's own tables. Never here: a description.

use super::file::File;

/// The schema, as text.
pub(crate) fn schema() -> String {
    let schema =
        schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>();
    serde_json::to_string_pretty(&schema).expect("a schema is always JSON") + "\n"
}
