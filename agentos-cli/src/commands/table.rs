//! Rows under a heading, for a terminal.

/// The heading of a column and whether what stands below are numbers.
pub(super) enum Column {
    Text(&'static str),
    Number(&'static str),
}

/// Each column is as wide as its widest cell; no line ends in spaces.
pub(super) fn table<const N: usize>(columns: [Column; N], rows: &[[String; N]]) -> String {
    let heading = columns.each_ref().map(|column| column.name().to_owned());
    let lines = || std::iter::once(&heading).chain(rows);
    let widths: [usize; N] = std::array::from_fn(|at| {
        let widths = lines().map(|cells| cells[at].chars().count());
        widths.max().unwrap_or_default()
    });
    let written = lines().map(|cells| {
        let padded = columns.iter().zip(widths).zip(cells);
        let padded: Vec<String> = padded
            .map(|((column, width), cell)| column.padded(cell, width))
            .collect();
        padded.join("  ").trim_end().to_owned()
    });
    written.collect::<Vec<_>>().join("\n")
}

impl Column {
    fn name(&self) -> &'static str {
        match self {
            Self::Text(name) | Self::Number(name) => name,
        }
    }

    fn padded(&self, cell: &str, width: usize) -> String {
        match self {
            Self::Text(_) => format!("{cell:<width$}"),
            Self::Number(_) => format!("{cell:>width$}"),
        }
    }
}

/// Bytes in the largest unit of which there is at least one.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) if bytes.is_multiple_of(*unit) => format!("{} {name}", bytes / unit),
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => format!("{bytes} B"),
    }
}

/// A time of the server to the second, in UTC.
pub(super) fn moment(rfc3339: &str) -> String {
    rfc3339.get(..19).unwrap_or(rfc3339).replace('T', " ")
}

/// "1 process", "2 processes".
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{number} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["1", "é"], ["20", "b c"]].map(|row| row.map(str::to_owned));
        let shown = table([Column::Number("N"), Column::Text("NAME")], &rows);
        assert_eq!(shown, " N  NAME\n 1  é\n20  b c");
    }

    #[test]
    fn moments_are_equally_long() {
        for time in ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z"] {
            assert_eq!(moment(time), "2026-01-02 03:04:05");
        }
    }

    #[test]
    fn bytes_are_told_in_a_unit_that_suits_them() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_536, "1.5 KiB"),
            (64 << 20, "64 MiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
