//! Thumbnails in formats that take long to encode: after all others are stored, one by one, as far as time allows.
//!
//! What does not fit in the time that is left follows when the event is tried again, where the others are current already.
//! What would not fit then either fails for good, before anything is written.

use std::time::Duration;

use crate::error::{Disposition, Error};
use crate::imaging::{DraftThumbnail, Speed, Thumbnail, UnencodedThumbnail, speed_within};
use crate::pipeline::visit_runner::VisitRunner;
use crate::reconcile::Action;
use crate::report::{Entry, Milliseconds, milliseconds};

impl VisitRunner<'_> {
    /// [`Error::TooSlow`] if a thumbnail would not be encoded by an invocation that does nothing else. `ms` are the times
    /// of the source so far.
    pub(super) fn check_time(&self, drawn: &UnencodedThumbnail, ms: &Milliseconds) -> Result<(), Error> {
        let spent = Duration::try_from_secs_f64((ms.fetch + ms.decode + ms.resize) / 1e3);
        let have = self.pipeline.time.when_fresh(spent.unwrap_or(Duration::MAX));
        let needed = drawn.estimate(Speed::Quickest);
        if needed <= have {
            return Ok(());
        }
        Err(Error::TooSlow { needed_ms: needed.as_millis(), have_ms: have.as_millis() })
    }

    /// Encodes and stores the thumbnails that are only drawn and wanted, the quickest first.
    ///
    /// # Errors
    /// [`Error::Deadline`] if there is no time for some of them, and other failures that a retry may cure.
    pub(super) async fn store_drawn(&mut self, actions: &[Action], entry: &mut Entry) -> Result<(), Error> {
        let mut waiting: Vec<usize> = (0..)
            .zip(actions)
            .filter(|(number, action)| **action == Action::Make && self.drawn(*number).is_some())
            .map(|(number, _)| number)
            .collect();
        waiting.sort_by_key(|number| self.drawn(*number).map(|drawn| drawn.estimate(Speed::Quickest)));
        let mut rest = waiting.as_slice();
        while let Some((&number, others)) = rest.split_first() {
            match self.encode(number, rest, entry).await? {
                Ok(thumbnail) => {
                    self.put(number, Some(DraftThumbnail::Encoded(thumbnail)));
                    if let Some(target) = self.job.targets.get(number) {
                        self.store(number, target, entry).await?;
                    }
                }
                Err(error) => self.give_up(number, error, entry).await?,
            }
            rest = others;
        }
        Ok(())
    }

    /// Encodes a thumbnail at the slowest speed at which all of `rest`, of which it is one, are made in time. The inner
    /// error says that this thumbnail cannot be made.
    async fn encode(
        &mut self,
        number: usize,
        rest: &[usize],
        entry: &mut Entry,
    ) -> Result<Result<Thumbnail, Error>, Error> {
        let pipeline = self.pipeline;
        let turn = pipeline.decoder.turn().await;
        let time = pipeline.time.share();
        let waiting: Vec<_> = rest.iter().filter_map(|number| self.drawn(*number)).collect();
        let speed = speed_within(&waiting, time);
        let fits = self.drawn(number).is_some_and(|drawn| drawn.estimate(speed) <= time);
        let (true, Some(DraftThumbnail::Drawn(drawn))) = (fits, self.put(number, None)) else {
            return Err(Error::Deadline { stored: 0, wanted: 0, limit_ms: 0 });
        };
        let (thumbnail, took) = turn.encode(*drawn, speed)?.await?;
        entry.ms.encode += milliseconds(took);
        match thumbnail.map_err(Error::from) {
            Err(error) if error.disposition() != Disposition::Permanent => Err(error),
            made => Ok(made),
        }
    }

    /// Notes that a thumbnail cannot be made, and removes an older one of its key as if that had been known before.
    async fn give_up(&mut self, number: usize, error: Error, entry: &mut Entry) -> Result<(), Error> {
        self.defer_permanent(error)?;
        self.visit.set_impossible(number);
        let job = self.job;
        match (self.visit.actions().get(number), job.targets.get(number)) {
            (Some(Action::Remove), Some(target)) => Ok(self.remove(target, entry).await?),
            _ => Ok(()),
        }
    }

    /// A thumbnail that is not encoded.
    fn drawn(&self, number: usize) -> Option<&UnencodedThumbnail> {
        match self.rendered.as_ref()?.thumbnails.get(number)? {
            Some(DraftThumbnail::Drawn(drawn)) => Some(drawn),
            Some(DraftThumbnail::Encoded(_)) | None => None,
        }
    }

    /// Replaces a thumbnail, and returns the former.
    fn put(&mut self, number: usize, thumbnail: Option<DraftThumbnail>) -> Option<DraftThumbnail> {
        std::mem::replace(self.rendered.as_mut()?.thumbnails.get_mut(number)?, thumbnail)
    }
}
