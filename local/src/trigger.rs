//! COS triggers: from the events of a bucket to invocations.

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use crate::cos::EventNotification;
use crate::event;
use crate::pool::FunctionPool;
use crate::scf::{Invocation, Scf};

/// Events that invoke the function. As in COS, prefix and suffix are literal (583/9707).
#[derive(Clone, Debug, Default)]
pub struct Trigger {
    /// Full name of the bucket; empty for any.
    pub bucket: String,
    /// Event name such as `cos:ObjectCreated:Put`, or a family such as `cos:ObjectCreated:*`; empty for any.
    pub event: String,
    /// Prefix of the keys.
    pub prefix: String,
    /// Suffix of the keys.
    pub suffix: String,
    /// Deliveries of each event. COS does not guarantee exactly one, so a function should tolerate 2.
    pub copies: u32,
}

impl Trigger {
    /// Returns whether an event fires the trigger.
    #[must_use]
    pub fn matches(&self, notification: &EventNotification) -> bool {
        let name_matches = match self.event.strip_suffix('*') {
            Some(family) => notification.name.starts_with(family),
            None => self.event.is_empty() || notification.name == self.event,
        };
        name_matches
            && (self.bucket.is_empty() || self.bucket == notification.bucket)
            && notification.key.starts_with(&self.prefix)
            && notification.key.ends_with(&self.suffix)
    }

    /// Delivers events one after the other, until the COS that sends `notifications` stops. `report` gets every event with
    /// its invocations.
    pub async fn deliver(
        &self,
        mut notifications: UnboundedReceiver<EventNotification>,
        scf: &Scf,
        mut report: impl FnMut(&EventNotification, &[Invocation]),
    ) {
        while let Some(notification) = notifications.recv().await {
            if !self.matches(&notification) {
                continue;
            }
            let message = event::from_notification(&notification).to_string();
            for _ in 0..self.copies.max(1) {
                let invocations = scf.deliver(&message).await;
                report(&notification, &invocations);
            }
        }
    }

    /// Queues events for a pool, which runs them on its instances at once, until the COS that sends `notifications` stops.
    /// `report` gets every event with its invocations when the last of them has ended.
    pub async fn deliver_to(
        &self,
        mut notifications: UnboundedReceiver<EventNotification>,
        pool: &FunctionPool,
        mut report: impl FnMut(&EventNotification, &[Invocation]),
    ) {
        let mut deliveries: JoinSet<(EventNotification, Vec<Invocation>)> = JoinSet::new();
        loop {
            let received = tokio::select! {
                Some(delivered) = deliveries.join_next() => {
                    // Fails only when the runtime shuts down.
                    if let Ok((notification, invocations)) = delivered {
                        report(&notification, &invocations);
                    }
                    continue;
                }
                received = notifications.recv() => received,
            };
            let Some(notification) = received else { return };
            if !self.matches(&notification) {
                continue;
            }
            let message = event::from_notification(&notification).to_string();
            for _ in 0..self.copies.max(1) {
                let (notification, invocations) = (notification.clone(), pool.submit(&message));
                deliveries.spawn(async move { (notification, invocations.await.unwrap_or_default()) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(name: &'static str, bucket: &str, key: &str) -> EventNotification {
        EventNotification {
            name,
            bucket: bucket.to_owned(),
            region: "ap-guangzhou".to_owned(),
            key: key.to_owned(),
            object: None,
        }
    }

    #[test]
    fn a_trigger_matches_its_bucket_event_prefix_and_suffix() {
        let trigger = Trigger {
            bucket: "in-1".to_owned(),
            event: "cos:ObjectCreated:*".to_owned(),
            prefix: "photos/".to_owned(),
            suffix: ".jpg".to_owned(),
            copies: 1,
        };
        let cases = [
            ("cos:ObjectCreated:Put", "in-1", "photos/a.jpg", true),
            ("cos:ObjectCreated:Copy", "in-1", "photos/a.jpg", true),
            ("cos:ObjectRemove:Delete", "in-1", "photos/a.jpg", false),
            ("cos:ObjectCreated:Put", "out-1", "photos/a.jpg", false),
            ("cos:ObjectCreated:Put", "in-1", "a.jpg", false),
            ("cos:ObjectCreated:Put", "in-1", "photos/a.JPG", false),
        ];
        for (name, bucket, key, expected) in cases {
            assert_eq!(trigger.matches(&notification(name, bucket, key)), expected, "{name} {bucket} {key}");
        }
        assert!(Trigger::default().matches(&notification("cos:ObjectRemove:Delete", "any-1", "k")));
    }
}
