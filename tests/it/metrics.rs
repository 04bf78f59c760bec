//! The recorder beside another one, under strict parsers, real programs and many threads.

mod differential;
mod faults;
mod real;
mod storms;
mod strict;

use watchkeep_metrics::{Format, Recorder};

fn text(recorder: &Recorder, format: Format) -> String {
    let mut text = Vec::new();
    recorder.render(format, &mut text);
    String::from_utf8(text).expect("it is UTF-8")
}
