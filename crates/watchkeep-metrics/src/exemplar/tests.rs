//! Tests of the slots: what is kept, and that no reader sees a mixture.

use std::cell::Cell;
use std::sync::atomic::AtomicUsize;
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
    const ROUNDS: u64 = 200_000;
    let slot = Slot::default();
    let seen = AtomicUsize::new(0);
    thread::scope(|scope| {
        for writer in 1..=3_u64 {
            let slot = &slot;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let number = round * 4 + writer;
                    let wide = u128::from(number);
                    slot.write(Exemplar {
                        trace: TraceId(wide << 64 | wide),
                        value: f64::from_bits(number),
                        at: Timestamp::from_millis(number.cast_signed()),
                    });
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let Some(read) = slot.read() else { continue };
                    seen.fetch_add(1, Relaxed);
                    let number = read.value.to_bits();
                    let wide = u128::from(number);
                    assert_eq!(read.trace, TraceId(wide << 64 | wide));
                    assert_eq!(read.at.as_millis().cast_unsigned(), number);
                }
            });
        }
    });
    assert!(seen.into_inner() > 0, "some reading succeeded");
}
