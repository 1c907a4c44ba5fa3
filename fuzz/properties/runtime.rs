//! Answers of the runtime API to `next` never panic, whatever their bytes: neither their headers nor their event.

use cos_thumbnailer::event::{Home, decode};
use cos_thumbnailer::runtime::{Api, Context};

use super::answers::answer;

/// Checks the property. `false` if the input is not worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let outcome = answer(data, async |address| {
        let api = Api::new(&address.ip().to_string(), &address.port().to_string()).expect("it needs nothing");
        api.next().await
    });
    match outcome {
        Ok((context, event)) => {
            is_sound(&context);
            assert!(event.len() <= data.len());
            let _ = decode(&event, &Home::default(), &mut |_| {});
        }
        Err(error) => assert!(!error.to_string().chars().any(char::is_control), "{error}"),
    }
    true
}

fn is_sound(context: &Context) {
    assert!(context.memory_mb > 0 && !context.time_limit.is_zero());
    assert!(context.deadline() >= context.received);
    assert!(context.deadline().duration_since(context.received) <= context.time_limit);
    // Headers may carry keys.
    let printed = format!("{context:?}");
    for name in ["x-scf-secret-id", "x-scf-secret-key", "x-scf-session-token"] {
        let value = context.header(name).filter(|value| value.len() >= 16);
        assert!(value.is_none_or(|value| value == context.request_id || !printed.contains(value)), "{name}");
    }
}
