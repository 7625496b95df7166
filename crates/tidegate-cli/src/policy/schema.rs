//! The JSON Schema of policy files, made of the file's own tables. Never here: a description.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::file::File;

/// The schema, as text.
pub(crate) fn schema() -> String {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>();
    let mut schema = schema.to_value();
    for_toml(&mut schema);
    schema["title"] = json!("A policy of Tidegate");
    serde_json::to_string_pretty(&schema).expect("a schema is always JSON") + "\n"
}

/// Takes out what TOML can't say: what may be left out isn't null there. Joins the lines of descriptions.
fn for_toml(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(for_toml),
        Value::Object(fields) => {
            fields.values_mut().for_each(for_toml);
            if let Some(Value::Array(types)) = fields.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    fields.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(forms)) = fields.get_mut("anyOf") {
                forms.retain(|form| *form != json!({ "type": "null" }));
                if let [Value::Object(only)] = &mut forms[..] {
                    let only = std::mem::take(only);
                    fields.remove("anyOf");
                    for (key, value) in only {
                        fields.entry(key).or_insert(value);
                    }
                }
            }
            // A key may be called so, too: then it is no text.
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text.replace('\n', " ");
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_null_in_toml() {
        let text = schema();
        assert!(!text.contains("null"), "{text}");
        let schema: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema["$defs"]["limit"]["properties"]["per"]["$ref"], "#/$defs/Per");
        assert_eq!(schema["$defs"]["limit"]["properties"]["at-once"]["type"], "integer");
    }
}
