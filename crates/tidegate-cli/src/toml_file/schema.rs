//! The JSON Schema of a file, made of its own tables. Never here: a description.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The schema of a file whose tables are `F`, as text.
pub(crate) fn schema<F: JsonSchema>(title: &str) -> String {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<F>();
    let mut schema = schema.to_value();
    for_toml(&mut schema);
    schema["title"] = json!(title);
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
