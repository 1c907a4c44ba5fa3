//! The table of the faults in `docs/trust.md`.

use std::path::Path;

use crate::row::Row;

const BEGIN: &str = "<!-- faults -->\n";
const END: &str = "<!-- end of faults -->\n";

/// Writes the rows as a table in Markdown.
pub fn table(rows: &[Row]) -> String {
    let lines =
        rows.iter().map(|row| format!("| {} | {} | {} |\n", row.group.name(), row.fault, row.outcome()));
    let count = rows.len();
    let head = format!(
        "{count} faults. After each, the thumbnails of the next delivery are those of an undisturbed run, byte for byte, no\n\
         other object has changed, and a process that goes on holds as many threads and descriptors as before and at most\n\
         8 MB more memory.\n\n"
    );
    head + "| where | fault | outcome |\n|---|---|---|\n" + &lines.collect::<String>()
}

/// Writes the table into the folder that `TRUST_FOLDER` names; without one, compares it with the page.
pub fn write_or_compare(table: &str) {
    if let Some(folder) = std::env::var_os("TRUST_FOLDER") {
        std::fs::write(Path::new(&folder).join("faults.md"), table).unwrap();
        return;
    }
    let page = std::fs::read_to_string("docs/trust.md").unwrap();
    let (_, rest) = page.split_once(BEGIN).unwrap();
    let (present, _) = rest.split_once(END).unwrap();
    assert!(
        present.trim() == table.trim(),
        "docs/trust.md has another table of faults; run scripts/trust faults"
    );
}
