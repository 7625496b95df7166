//! What a terminal does to what is pasted into it. Never here: a file, or what was piped.

use super::lines::Line;

/// The most bytes of a line that Linux takes from a terminal that hands over whole lines, with and without the
/// end. The rest of the line is thrown away.
const LONGEST: [usize; 2] = [4095, 4096];

/// The number of the first line that a terminal has cut off, as far as its length betrays it.
pub(super) fn cut_line(lines: &[Line<'_>]) -> Option<usize> {
    lines.iter().find(|line| LONGEST.contains(&line.text().len())).map(|line| line.number)
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[track_caller]
    fn check(length: usize, cut: Option<usize>) {
        let text = format!("HTTP/2 429\n{}\nb\n", "a".repeat(length));
        assert_eq!(cut_line(&lines::of(text.as_bytes())), cut, "{length}");
    }

    #[test]
    fn a_line_as_long_as_a_terminal_takes_was_cut() {
        check(4095, Some(2));
        check(4096, Some(2));
        check(4094, None);
        check(4097, None);
        check(0, None);
    }
}
