//! The list of all rows, for people and for programs. Never here: a row that is looked up.

use serde_json::json;
use tidegate_wire::dialect::{Dialect, Table};

/// How wide a terminal is at least.
const WIDTH: usize = 80;

/// How wide the column of other names is.
const ALSO: usize = 20;

/// A table of names, other names and hosts, by name; what is too long goes on in the next line.
pub(super) fn table(table: &Table) -> String {
    let rows = sorted(table);
    let name = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    let hosts = WIDTH.saturating_sub(name + ALSO + 4);
    let line = |cells: [&str; 3]| {
        let [first, also, hosts] = cells;
        format!("{first:name$}  {also:ALSO$}  {hosts}").trim_end().to_owned() + "\n"
    };
    let mut said = line(["NAME", "ALSO", "HOSTS"]);
    for row in rows {
        let (also, hosts) = (wrapped(&row.also, ALSO), wrapped(&row.hosts, hosts));
        for at in 0..also.len().max(hosts.len()).max(1) {
            let cell = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
            said += &line([if at == 0 { &row.name } else { "" }, &cell(&also), &cell(&hosts)]);
        }
    }
    said
}

/// One line: an array of objects, by name.
pub(super) fn json(table: &Table) -> String {
    let rows = sorted(table).into_iter();
    let object = |row: &Dialect| json!({ "name": row.name, "also": row.also, "hosts": row.hosts, "source": row.source });
    format!("{}\n", rows.map(object).collect::<serde_json::Value>())
}

fn sorted(table: &Table) -> Vec<&Dialect> {
    let mut rows: Vec<&Dialect> = table.rows().collect();
    rows.sort_by_key(|row| &row.name);
    rows
}

/// Words with commas between, in lines of so many characters.
fn wrapped(words: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let comma = if at + 1 < words.len() { "," } else { "" };
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() + comma.len() <= width => {
                *line += &format!(" {word}{comma}");
            }
            _ => lines.push(format!("{word}{comma}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_listed_by_name_within_80_columns() {
        let list = table(Table::built_in());
        for line in list.lines() {
            assert!(line.len() <= WIDTH, "{line}");
        }
        let names: Vec<&str> = list.lines().skip(1).filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(names.len(), Table::built_in().rows().count());
        assert!(names.is_sorted_by_key(|line| line.split(' ').next()), "{list}");
        for row in Table::built_in().rows() {
            for word in row.also.iter().chain(&row.hosts) {
                assert!(list.contains(word.as_str()), "{word}");
            }
        }
    }

    #[test]
    fn words_go_on_in_the_next_line() {
        let words = ["abc", "de", "f", "a-long-word"].map(str::to_owned);
        assert_eq!(wrapped(&words, 7), ["abc,", "de, f,", "a-long-word"]);
        assert_eq!(wrapped(&words[1..3], 5), ["de, f"]);
        assert!(wrapped(&[], 7).is_empty());
    }

    #[test]
    fn programs_are_told_where_each_row_is_from() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json(Table::built_in())).unwrap();
        assert_eq!(rows.len(), Table::built_in().rows().count());
        let github = rows.iter().find(|row| row["name"] == "github").unwrap();
        assert_eq!(github["hosts"][0], "api.github.com");
        assert!(github["also"].is_array() && github["source"].is_string(), "{github}");
    }
}
