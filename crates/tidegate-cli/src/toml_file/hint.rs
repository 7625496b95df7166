//! The word that a misspelt one may mean. Never here: which words there are.

/// How alike two words must be, of 1.
const ALIKE: f64 = 0.8;

/// What to say of a word that isn't among these: the likeliest of them, or all.
pub(crate) fn among<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, &known) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("expected {}", spoken(&known)),
    }
}

/// The word that is meant, if it is one of these.
pub(crate) fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let plain = word.to_ascii_lowercase().replace('_', "-");
    // One slip of the finger, which in a short word changes much of it, is the likeliest of all.
    let likeness = |other: &str| match strsim::osa_distance(&plain, other) {
        ..=1 => 1.0,
        _ => strsim::jaro_winkler(&plain, other),
    };
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.copied().filter(|nearest| likeness(nearest) > ALIKE)
}

/// `a`, `b` or `c`.
pub(crate) fn spoken(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_word_is_hinted_at_and_else_all() {
        let keys = ["name", "match", "quota", "at-once"];
        assert_eq!(among("quotta", keys), "did you mean `quota`?");
        assert_eq!(among("at_once", keys), "did you mean `at-once`?");
        assert_eq!(among("Match", keys), "did you mean `match`?");
        assert_eq!(among("kye", ["quota", "key"]), "did you mean `key`?");
        assert_eq!(among("zz", keys), "expected `name`, `match`, `quota` or `at-once`");
        assert_eq!(among("zz", ["name"]), "expected `name`");
    }
}
