//! Channels to those who listen to a COS.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Listeners to messages of one type.
#[derive(Debug)]
pub(crate) struct Listeners<T>(Mutex<Vec<UnboundedSender<T>>>);

impl<T> Default for Listeners<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Listeners<T> {
    /// Adds a listener.
    pub(crate) fn subscribe(&self) -> UnboundedReceiver<T> {
        let (sender, receiver) = unbounded_channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// Sends a message to all listeners that still exist.
    pub(crate) fn send(&self, message: &T) {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(message.clone()).is_ok());
    }
}
