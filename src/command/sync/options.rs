//! Options of `sync` and `verify`.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::Environment;
use cos_thumbnailer::object::{Bucket, Key, Region};
use cos_thumbnailer::scf::FunctionName;
use cos_thumbnailer::sync::{Orphans, Selection, Verify};
use lexopt::prelude::*;

/// Name that `scripts/deploy` gives the function.
const FUNCTION: &str = "cos-thumbnailer";

/// Largest memory of a function, MB, and longest time limit, seconds. The platform has 120 GB and a day (583/11637).
const MOST_MEMORY_MB: u64 = 1_048_576;
const LONGEST_TIME_LIMIT: u64 = 86_400;

/// Most sources of a sample. More of them make an estimate no better.
const LARGEST_SAMPLE: usize = 1000;

/// Way to the function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mode {
    Invoke,
    InvokeAsync,
    Local,
}

/// Place of an object or a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Place {
    File(PathBuf),
    Object(Bucket, Key),
}

impl Place {
    fn parse(text: &str) -> Result<Self> {
        let Some(rest) = text.strip_prefix("cos://") else { return Ok(Self::File(PathBuf::from(text))) };
        let (bucket, key) =
            rest.split_once('/').with_context(|| format!("{text} names no key; write cos://BUCKET/KEY"))?;
        Ok(Self::Object(Bucket::parse(bucket)?, Key::parse(key)?))
    }
}

/// Parsed options.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) region: Region,
    pub(super) source: Bucket,
    pub(super) config: Option<PathBuf>,
    pub(super) inventory: Option<Place>,
    pub(super) selection: Selection,
    pub(super) verify: Verify,
    pub(super) orphans: Orphans,
    pub(super) mode: Mode,
    pub(super) function: FunctionName,
    pub(super) memory_mb: Option<u64>,
    pub(super) time_limit: Option<Duration>,
    pub(super) rate: Option<f64>,
    pub(super) concurrency: Option<usize>,
    pub(super) batch: Option<usize>,
    pub(super) max_invocations: Option<u64>,
    /// Amount and currency.
    pub(super) budget: Option<(f64, Option<String>)>,
    pub(super) prices: Option<PathBuf>,
    pub(super) sample: usize,
    pub(super) keeps_going: bool,
    pub(super) checkpoint: Option<Place>,
    pub(super) report: Option<PathBuf>,
    pub(super) runs: bool,
}

/// Options as they are written; what is missing is checked at the end.
#[derive(Default)]
struct Written {
    region: Option<String>,
    source: Option<String>,
    function: Option<String>,
    verify: Verify,
    mode: Option<Mode>,
    orphans: Orphans,
}

impl Options {
    /// Reads the options of a command. `None` when help was asked for.
    pub(super) fn read(
        mut arguments: lexopt::Parser,
        environment: &Environment,
        verifies: bool,
    ) -> Result<Option<Self>> {
        let mut written = Written {
            region: environment.get("TENCENTCLOUD_REGION").map(str::to_owned),
            ..Written::default()
        };
        let mut options = Self::empty()?;
        while let Some(argument) = arguments.next()? {
            let Long(name) = argument else {
                if argument == Short('h') {
                    return Ok(None);
                }
                return Err(argument.unexpected()).context("see cos-thumbnailer sync --help");
            };
            let name = name.to_owned();
            match name.as_str() {
                "help" => return Ok(None),
                "run" if !verifies => options.runs = true,
                "keep-going" => options.keeps_going = true,
                _ => options.read_value(&name, &mut arguments, &mut written)?,
            }
        }
        let Some(region) = written.region else {
            bail!("the region is missing: name it with --region, as in --region ap-guangzhou");
        };
        let Some(source) = written.source else {
            bail!("the source is missing: name it with --source, as in --source photos-1250000000");
        };
        options.region = Region::parse(&region)?;
        options.source = Bucket::parse(&source)?;
        options.function = FunctionName::parse(written.function.as_deref().unwrap_or(FUNCTION))?;
        options.mode = written.mode.unwrap_or(Mode::Invoke);
        options.verify = if verifies { Verify::Stamps } else { written.verify };
        options.orphans = written.orphans;
        Ok(Some(options))
    }

    fn empty() -> Result<Self> {
        Ok(Self {
            region: Region::parse("ap-guangzhou")?,
            source: Bucket::parse("photos-1250000000")?,
            config: None,
            inventory: None,
            selection: Selection::default(),
            verify: Verify::default(),
            orphans: Orphans::default(),
            mode: Mode::Invoke,
            function: FunctionName::parse(FUNCTION)?,
            memory_mb: None,
            time_limit: None,
            rate: None,
            concurrency: None,
            batch: None,
            max_invocations: None,
            budget: None,
            prices: None,
            sample: 20,
            keeps_going: false,
            checkpoint: None,
            report: None,
            runs: false,
        })
    }

    fn read_value(
        &mut self,
        name: &str,
        arguments: &mut lexopt::Parser,
        written: &mut Written,
    ) -> Result<()> {
        let mut text =
            || arguments.value().map_err(anyhow::Error::from).and_then(|value| Ok(value.string()?));
        match name {
            "region" => written.region = Some(text()?),
            "source" => written.source = Some(text()?),
            "function" => written.function = Some(text()?),
            "config" => self.config = Some(text()?.into()),
            "inventory" => self.inventory = Some(Place::parse(&text()?)?),
            "prefix" => self.selection.prefix = text()?,
            "start-after" => self.selection.start_after = Some(text()?),
            "match" => self.selection.pattern = Some(Selection::parse_pattern(&text()?)?),
            "newer" => self.selection.newer = Some(Selection::parse_time(&text()?, SystemTime::now())?),
            "older" => self.selection.older = Some(Selection::parse_time(&text()?, SystemTime::now())?),
            "verify" => written.verify = verify(&text()?)?,
            "orphans" => written.orphans = orphans(&text()?)?,
            "mode" => written.mode = Some(mode(&text()?)?),
            "memory" => self.memory_mb = Some(at_most(name, &text()?, MOST_MEMORY_MB)?),
            "timeout" => {
                self.time_limit = Some(Duration::from_secs(at_most(name, &text()?, LONGEST_TIME_LIMIT)?));
            }
            "rate" => self.rate = Some(rate(&text()?)?),
            "concurrency" => self.concurrency = Some(usize::try_from(positive(name, &text()?)?)?),
            "batch" => self.batch = Some(usize::try_from(positive(name, &text()?)?)?),
            "max-invocations" => self.max_invocations = Some(positive(name, &text()?)?),
            "budget" => self.budget = Some(budget(&text()?)?),
            "prices" => self.prices = Some(text()?.into()),
            "sample" => self.sample = sample(&text()?)?,
            "checkpoint" => self.checkpoint = Some(Place::parse(&text()?)?),
            "report" => self.report = Some(text()?.into()),
            _ => bail!("there is no option --{name}; see cos-thumbnailer sync --help"),
        }
        Ok(())
    }
}

fn verify(text: &str) -> Result<Verify> {
    match text {
        "listing" => Ok(Verify::Listing),
        "nothing" => Ok(Verify::Nothing),
        "stamps" => Ok(Verify::Stamps),
        _ => bail!("--verify takes listing, stamps or nothing, not {text}"),
    }
}

fn orphans(text: &str) -> Result<Orphans> {
    match text {
        "ignore" => Ok(Orphans::Ignore),
        "report" => Ok(Orphans::Report),
        "remove" => Ok(Orphans::Remove),
        _ => bail!("--orphans takes report, remove or ignore, not {text}"),
    }
}

fn mode(text: &str) -> Result<Mode> {
    match text {
        "invoke" => Ok(Mode::Invoke),
        "invoke-async" => Ok(Mode::InvokeAsync),
        "local" => Ok(Mode::Local),
        _ => bail!("--mode takes invoke, invoke-async or local, not {text}"),
    }
}

fn positive(name: &str, text: &str) -> Result<u64> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => bail!("--{name} takes a whole number from 1 on, not {text}"),
    }
}

/// A whole number in the range that the program can reckon with.
fn at_most(name: &str, text: &str, most: u64) -> Result<u64> {
    match text.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        _ => bail!("--{name} takes a whole number from 1 to {most}, not {text}"),
    }
}

/// A number of sources, of which half is measured by one invocation.
fn sample(text: &str) -> Result<usize> {
    match text.parse() {
        Ok(number) if number <= LARGEST_SAMPLE => Ok(number),
        _ => bail!("--sample takes a whole number from 0 to {LARGEST_SAMPLE}, not {text}"),
    }
}

/// A number of sources a second, with or without `/s`.
fn rate(text: &str) -> Result<f64> {
    match text.strip_suffix("/s").unwrap_or(text).parse() {
        Ok(rate) if (0.001..=1e9).contains(&rate) => Ok(rate),
        _ => bail!("--rate takes a number of sources a second, such as 50 or 0.5, not {text}"),
    }
}

/// An amount with or without its currency: `5`, `5CNY` or `5 CNY`.
fn budget(text: &str) -> Result<(f64, Option<String>)> {
    let end = text.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (amount, currency) = text.split_at_checked(end).unwrap_or((text, ""));
    let currency = currency.trim();
    match amount.trim().parse() {
        Ok(amount) if (0.0..=1e12).contains(&amount) => {
            Ok((amount, (!currency.is_empty()).then(|| currency.to_ascii_uppercase())))
        }
        _ => bail!("--budget takes an amount, such as 5 or 5CNY, not {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Options>> {
        let environment = Environment::from_pairs([("TENCENTCLOUD_REGION", "ap-shanghai")]);
        Options::read(lexopt::Parser::from_args(text.split(' ')), &environment, false)
    }

    #[test]
    fn options_are_read_with_their_units() {
        let options = read(
            "--source photos-125 --rate 50/s --budget 5cny --checkpoint cos://t-125/a/b.json --inventory x/manifest.json \
             --orphans remove --mode invoke-async --function ns/f:3 --newer 2026-01-01 --run",
        );
        let options = options.unwrap().unwrap();
        assert_eq!((options.rate, options.budget), (Some(50.0), Some((5.0, Some("CNY".to_owned())))));
        let object = Place::Object(Bucket::parse("t-125").unwrap(), Key::parse("a/b.json").unwrap());
        assert_eq!(options.checkpoint, Some(object));
        assert_eq!(options.inventory, Some(Place::File("x/manifest.json".into())));
        assert_eq!((options.orphans, options.mode), (Orphans::Remove, Mode::InvokeAsync));
        assert_eq!((options.function.namespace(), options.function.qualifier()), ("ns", Some("3")));
        assert!(options.runs && options.selection.newer.is_some());
        assert_eq!(options.region.as_str(), "ap-shanghai");
    }

    #[test]
    fn mistakes_are_told_with_what_is_expected() {
        for (text, words) in [
            ("--run", "--source"),
            ("--source photos-125 --rate 0", "--rate takes"),
            ("--source photos-125 --budget five", "--budget takes"),
            ("--source photos-125 --batch 0", "--batch takes"),
            ("--source photos-125 --timeout 18446744073709551615", "--timeout takes"),
            ("--source photos-125 --memory 18446744073709551615", "--memory takes"),
            ("--source photos-125 --sample 18446744073709551615", "--sample takes"),
            ("--source photos-125 --mode sync", "--mode takes"),
            ("--source photos-125 --newer soon", "neither a time"),
            ("--source photos-125 --checkpoint cos://t-125", "cos://BUCKET/KEY"),
            ("--source photos-125 --sorce x", "no option --sorce"),
            ("photos-125", "unexpected argument"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(words), "{text}: {error}");
        }
        assert!(read("--help").unwrap().is_none());
    }
}
