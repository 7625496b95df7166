//! Texts from outside, made fit for a terminal or a shell. Never here: what is said.

/// A text from outside, fit for a terminal: characters that control it, or that are there unseen, are dropped, and
/// at `most` characters it is cut.
pub(crate) fn printable(text: &str, most: usize) -> String {
    let mut clean = text
        .chars()
        .map(|char| if char.is_whitespace() { ' ' } else { char })
        .filter(|&char| !char.is_control() && !is_format(char));
    let mut kept: String = clean.by_ref().take(most).collect();
    if clean.next().is_some() {
        kept.push('…');
    }
    kept
}

/// Whether it is of Unicode's general category Cf, such as what turns the direction of writing or takes no room: with
/// it a text reads as what it isn't.
fn is_format(char: char) -> bool {
    matches!(char,
        '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}'
        | '\u{8E2}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0001}' | '\u{E0020}'..='\u{E007F}')
}

/// A text, such as a URL, as a POSIX shell takes it for one word, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_one_word_to_a_shell() {
        assert_eq!(quoted("http://a/?b&c=$d"), "'http://a/?b&c=$d'");
        assert_eq!(quoted("http://a/it's"), r"'http://a/it'\''s'");
    }

    #[test]
    fn texts_from_outside_cannot_play_with_the_terminal() {
        assert_eq!(printable("a\u{1b}[31m\nb\u{7f}", 100), "a[31m b");
        assert_eq!(printable("abcdef", 3), "abc…");
        assert_eq!(printable("a\u{202E}fdp.exe\u{200B}\u{2066}\u{FEFF}\u{E0041}é", 100), "afdp.exeé");
    }
}
