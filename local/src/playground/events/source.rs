//! Changes of source objects, and messages about them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{DescribedObject, EventKind, of_kind};
use crate::playground::cos_client::Place;
use crate::playground::error::ApiError;
use crate::playground::service::{Service, event_of};

/// Call about an object.
#[derive(Deserialize)]
pub(in crate::playground) struct ObjectCall {
    bucket: String,
    key: String,
}

/// Call for a message.
#[derive(Deserialize)]
pub(in crate::playground) struct MessageCall {
    kind: String,
    bucket: String,
    key: String,
}

/// Event of a change, or a message.
#[derive(Debug, Serialize)]
pub(in crate::playground) struct EventReport {
    /// `None` if nothing changed.
    event: Option<Value>,
}

/// Kind of event that the page offers.
#[derive(Debug, Serialize)]
pub(in crate::playground) struct KindReport {
    name: &'static str,
    event_name: &'static str,
}

/// All kinds of events.
pub(in crate::playground) fn kinds() -> Vec<KindReport> {
    let report = |kind: EventKind| KindReport { name: kind.name(), event_name: kind.event_name() };
    EventKind::ALL.map(report).into()
}

impl Service {
    /// Removes an object by a signed DELETE, and waits for the event of that.
    pub(in crate::playground) async fn remove_object(
        &self,
        call: ObjectCall,
    ) -> Result<EventReport, ApiError> {
        let place = Place { bucket: call.bucket, key: call.key };
        // COS sends no event for an object that does not exist.
        if self.cos.object(&place.bucket, &place.key).is_none() {
            return Ok(EventReport { event: None });
        }
        let notifications = self.cos.notifications();
        self.client.delete(&place, &self.region).await?;
        Ok(EventReport { event: Some(event_of(&place, notifications).await?) })
    }

    /// Writes a message of this kind about an object as it is, and changes nothing.
    pub(in crate::playground) fn message(&self, call: &MessageCall) -> Result<EventReport, ApiError> {
        let MessageCall { kind, bucket, key } = call;
        let kind =
            EventKind::find(kind).ok_or_else(|| ApiError::Call(format!("{kind} is no kind of event")))?;
        let object = self.cos.object(bucket, key);
        let object = object.as_ref();
        let described = DescribedObject {
            key,
            size: object.map_or(1 << 20, |object| object.bytes.len() as u64),
            etag: object.map(|object| object.etag.as_str()),
            version: object.and_then(|object| object.version.as_deref()),
            ..DescribedObject::default()
        };
        Ok(EventReport { event: Some(of_kind(kind, bucket, &self.region, &described)) })
    }
}
