//! The files of the page, which are part of the program.

/// Content type and bytes of the file at a path; only the paths listed here exist.
pub(super) fn find(path: &str) -> Option<(&'static str, &'static [u8])> {
    const HTML: &str = "text/html; charset=utf-8";
    const CSS: &str = "text/css; charset=utf-8";
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    const SVG: &str = "image/svg+xml";
    Some(match path {
        "/" => (HTML, include_bytes!("assets/index.html")),
        "/style.css" => (CSS, include_bytes!("assets/style.css")),
        "/icon.svg" => (SVG, include_bytes!("assets/icon.svg")),
        "/main.js" => (SCRIPT, include_bytes!("assets/main.js")),
        "/api.js" => (SCRIPT, include_bytes!("assets/api.js")),
        "/events/buckets.js" => (SCRIPT, include_bytes!("assets/events/buckets.js")),
        "/events/calls.js" => (SCRIPT, include_bytes!("assets/events/calls.js")),
        "/events/faults.js" => (SCRIPT, include_bytes!("assets/events/faults.js")),
        "/events/queue.js" => (SCRIPT, include_bytes!("assets/events/queue.js")),
        "/events/style.css" => (CSS, include_bytes!("assets/events/style.css")),
        "/events/texts.js" => (SCRIPT, include_bytes!("assets/events/texts.js")),
        "/events/versions.js" => (SCRIPT, include_bytes!("assets/events/versions.js")),
        "/events/view.js" => (SCRIPT, include_bytes!("assets/events/view.js")),
        "/comparison.js" => (SCRIPT, include_bytes!("assets/comparison.js")),
        "/configuration.js" => (SCRIPT, include_bytes!("assets/configuration.js")),
        "/cost.js" => (SCRIPT, include_bytes!("assets/cost.js")),
        "/elements.js" => (SCRIPT, include_bytes!("assets/elements.js")),
        "/formats.js" => (SCRIPT, include_bytes!("assets/formats.js")),
        "/form.js" => (SCRIPT, include_bytes!("assets/form.js")),
        "/outputs.js" => (SCRIPT, include_bytes!("assets/outputs.js")),
        "/photo.js" => (SCRIPT, include_bytes!("assets/photo.js")),
        "/results.js" => (SCRIPT, include_bytes!("assets/results.js")),
        "/texts.js" => (SCRIPT, include_bytes!("assets/texts.js")),
        "/timeline.js" => (SCRIPT, include_bytes!("assets/timeline.js")),
        _ => return None,
    })
}
