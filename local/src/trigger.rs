//! From what happens in a bucket to an invocation: the trigger.

use tokio::sync::mpsc::UnboundedReceiver;

use crate::cos::Notice;
use crate::event;
use crate::scf::{Answer, Scf};

/// Which happenings invoke the function. As with a COS trigger, prefix and suffix are literal (583/9707).
#[derive(Clone, Debug, Default)]
pub struct Trigger {
    /// Full name of the bucket watched; any when empty.
    pub bucket: String,
    /// The event, such as `cos:ObjectCreated:*`; any when empty.
    pub event: String,
    /// Beginning of the keys watched.
    pub prefix: String,
    /// End of the keys watched.
    pub suffix: String,
    /// How often each event is delivered. COS promises no exact number, so a function should stand 2.
    pub copies: u32,
}

impl Trigger {
    /// Whether a happening fires the trigger.
    #[must_use]
    pub fn fires(&self, notice: &Notice) -> bool {
        let named = match self.event.strip_suffix('*') {
            Some(family) => notice.name.starts_with(family),
            None => self.event.is_empty() || notice.name == self.event,
        };
        named
            && (self.bucket.is_empty() || self.bucket == notice.bucket)
            && notice.key.starts_with(&self.prefix)
            && notice.key.ends_with(&self.suffix)
    }

    /// Delivers events one after the other until the COS behind `notices` is gone. `report` sees each event's attempts.
    pub async fn deliver(
        &self,
        mut notices: UnboundedReceiver<Notice>,
        scf: &Scf,
        mut report: impl FnMut(&Notice, &[Answer]),
    ) {
        while let Some(notice) = notices.recv().await {
            if !self.fires(&notice) {
                continue;
            }
            let message = event::of(&notice).to_string();
            for _ in 0..self.copies.max(1) {
                let answers = scf.deliver(&message).await;
                report(&notice, &answers);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(name: &'static str, bucket: &str, key: &str) -> Notice {
        Notice {
            name,
            bucket: bucket.to_owned(),
            region: "ap-guangzhou".to_owned(),
            key: key.to_owned(),
            object: None,
        }
    }

    #[test]
    fn a_trigger_fires_for_its_bucket_event_prefix_and_suffix() {
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
        for (name, bucket, key, fires) in cases {
            assert_eq!(trigger.fires(&notice(name, bucket, key)), fires, "{name} {bucket} {key}");
        }
        assert!(Trigger::default().fires(&notice("cos:ObjectRemove:Delete", "any-1", "k")));
    }
}
