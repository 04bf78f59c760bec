//! Tests of the slots: what is kept, and that no reader sees a mixture.

use std::cell::Cell;
use std::thread;

use super::*;

thread_local! {
    static CURRENT: Cell<Option<TraceId>> = const { Cell::new(None) };
}

fn slots() -> Slots {
    let source = Source {
        current: || CURRENT.get(),
        now: || Timestamp::from_millis(7),
    };
    Slots::new(source, 2)
}

#[test]
fn the_first_observation_since_the_last_reading_stays() {
    let slots = slots();
    slots.offer(0, 0.5);
    assert_eq!(slots.take(0), None, "no trace, no exemplar");
    CURRENT.set(TraceId::new(1));
    slots.offer(0, 1.0);
    CURRENT.set(TraceId::new(2));
    slots.offer(0, 2.0);
    let first = slots.take(0).unwrap();
    assert_eq!((first.value, first.trace), (1.0, TraceId(1)));
    assert_eq!(first.at, Timestamp::from_millis(7));
    assert_eq!(slots.take(0), Some(first), "until there is another");
    slots.offer(0, 3.0);
    assert_eq!(slots.take(0).unwrap().value, 3.0);
    assert_eq!(slots.take(1), None);
}

#[test]
fn an_id_is_32_digits_and_never_zero() {
    assert_eq!(TraceId::new(0), None);
    let id = TraceId::new(0xab).unwrap();
    assert_eq!(id.to_string(), "000000000000000000000000000000ab");
}

/// Every part of an exemplar says the same number here, so a mixture of two would show.
#[test]
fn readers_never_see_a_mixture_of_two_writers() {
    const WRITERS: u64 = 3;
    const READINGS: usize = 2_000_000;
    let slot = Slot::default();
    let is_over = AtomicBool::new(false);
    let mut seen = 0;
    thread::scope(|scope| {
        for writer in 1..=WRITERS {
            let (slot, is_over) = (&slot, &is_over);
            scope.spawn(move || {
                let mut number = writer;
                while !is_over.load(Relaxed) {
                    number += WRITERS;
                    let wide = u128::from(number);
                    slot.write(Exemplar {
                        trace: TraceId(wide << 64 | wide),
                        value: f64::from_bits(number),
                        at: Timestamp::from_millis(number.cast_signed()),
                    });
                }
            });
        }
        let read = || {
            let mut seen = 0;
            for _ in 0..READINGS {
                let Some(read) = slot.read() else { continue };
                seen += 1;
                let number = read.value.to_bits();
                let wide = u128::from(number);
                assert_eq!(read.trace, TraceId(wide << 64 | wide));
                assert_eq!(read.at.as_millis().cast_unsigned(), number);
            }
            seen
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
        is_over.store(true, Relaxed);
        seen = outcome.unwrap();
    });
    assert!(seen > 0, "some reading succeeded");
}
