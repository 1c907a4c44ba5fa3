use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use super::*;
use crate::imaging::damage::Tolerance;
use crate::imaging::limits::Limits;
use crate::recipe::Propagator;

const JSON: &str = r#"{"Label":"1","ContentProducer":"001191110102EXAMPLE00X10001","ProduceID":"ex-0001"}"#;
const AI: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

fn budget() -> Budget {
    let (damage, threads) = (Tolerance::default(), NonZeroUsize::MIN);
    Budget::new(Limits { max_pixels: 1, memory: 8 << 20, damage, threads })
}

fn read(packet: impl AsRef<[u8]>) -> Provenance {
    let (mut provenance, mut budget) = (Provenance::default(), budget());
    provenance.read_xmp(packet.as_ref(), &mut budget).unwrap();
    assert_eq!(budget.used(), 0);
    provenance
}

/// The label and the digital source type in a packet.
fn labels(packet: impl AsRef<[u8]>) -> (Option<String>, Option<String>) {
    let Provenance { aigc, digital_source_type, .. } = read(packet);
    (aigc.map(|label| label.text().to_owned()), digital_source_type.map(|value| value.text().to_owned()))
}

/// `rdf:RDF` with this content, and prefixes for all namespaces.
fn rdf(content: &str) -> String {
    format!(
        "<rdf:RDF xmlns:rdf=\"{}\" xmlns:TC260=\"{}\" xmlns:x=\"{}\">{content}</rdf:RDF>",
        xmp::RDF,
        xmp::TC260,
        xmp::IPTC_EXTENSION
    )
}

fn description(properties: &str) -> String {
    rdf(&format!("<rdf:Description>{properties}</rdf:Description>"))
}

fn quoted(text: &str) -> String {
    text.replace('"', "&quot;")
}

#[test]
fn labels_are_read_in_every_form_of_rdf() {
    let element = format!("<TC260:AIGC>{}</TC260:AIGC>", quoted(JSON));
    let own_namespace =
        format!("<rdf:Description xmlns:a='{}'><a:AIGC>{JSON}</a:AIGC></rdf:Description>", xmp::TC260);
    let default_namespace =
        format!("<Description xmlns='{}'><AIGC xmlns='{}'>{JSON}</AIGC></Description>", xmp::RDF, xmp::TC260);
    for packet in [
        description(&element),
        description(&format!("<TC260:AIGC>\n  {JSON}\n</TC260:AIGC>")),
        description(&format!("<TC260:AIGC><![CDATA[{JSON}]]></TC260:AIGC>")),
        description(&format!("<TC260:AIGC><!-- x -->{}</TC260:AIGC>", JSON.replace('1', "&#x31;"))),
        description(&format!("<TC260:AIGC><rdf:Alt><rdf:li>{JSON}</rdf:li></rdf:Alt></TC260:AIGC>")),
        rdf(&format!("<rdf:Description rdf:about='' TC260:AIGC=\"{}\"/>", quoted(JSON))),
        rdf(&format!("<rdf:Description TC260:AIGC='{JSON}'><x:y/></rdf:Description>")),
        rdf(&format!("<rdf:Description x:y='1'/><rdf:Description>{element}</rdf:Description>")),
        rdf(&own_namespace),
        rdf(&default_namespace),
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", description(&element)),
        format!("\u{feff}<x:xmpmeta xmlns:x='adobe:ns:meta/'>{}</x:xmpmeta>", description(&element)),
        format!(
            "<?xpacket begin='\u{feff}'?>{}<?xpacket end='w'?>{}\0",
            description(&element),
            " ".repeat(99)
        ),
    ] {
        assert_eq!(labels(&packet).0.as_deref(), Some(JSON), "{packet}");
    }
    let wrapped = format!("{{\"AIGC\":{JSON}}}");
    assert_eq!(labels(description(&format!("<TC260:AIGC>{wrapped}</TC260:AIGC>"))).0, Some(wrapped));
}

#[test]
fn digital_source_types_are_read_in_every_form_of_rdf() {
    for packet in [
        description(&format!("<x:DigitalSourceType>{AI}</x:DigitalSourceType>")),
        description(&format!("<x:DigitalSourceType rdf:resource=\"{AI}\"/>")),
        description(&format!("<x:DigitalSourceType rdf:resource=\"{AI}\"></x:DigitalSourceType>")),
        rdf(&format!("<rdf:Description x:DigitalSourceType=\"{AI}\"/>")),
    ] {
        assert_eq!(labels(&packet), (None, Some(AI.to_owned())), "{packet}");
    }
}

#[test]
fn other_properties_are_no_labels() {
    let label = format!("<TC260:AIGC>{JSON}</TC260:AIGC>");
    for packet in [
        // Another namespace, another name, and no namespace.
        format!("<r xmlns:TC260='http://example.com/AIGC'>{label}</r>"),
        description(&label.replace("TC260:", "x:")),
        description(&label.replace("AIGC>", "AIGCs>")),
        description(&label.replace("TC260:", "")),
        // An image that this one was made of.
        description(&format!("<x:Pantry><rdf:Bag><rdf:li>{label}</rdf:li></rdf:Bag></x:Pantry>")),
        description(&format!("<x:a rdf:parseType='Resource'>{label}</x:a>")),
        rdf(&label),
        label,
    ] {
        assert_eq!(labels(&packet), (None, None), "{packet}");
    }
}

#[test]
fn first_valid_value_counts_and_xmp_before_other_places() {
    let element = |json: &str| format!("<TC260:AIGC>{json}</TC260:AIGC>");
    let other = r#"{"Label":"2"}"#;
    let packet = description(&[element("{\"Label\":"), element(JSON), element(other)].concat());
    assert_eq!(labels(&packet).0.as_deref(), Some(JSON));
    let mut provenance = read(&packet);
    provenance.read_text(other.as_bytes());
    assert_eq!(provenance, read(&packet));
    let mut provenance = Provenance::default();
    provenance.read_text(other.as_bytes());
    provenance.read_text(JSON.as_bytes());
    assert_eq!(provenance.aigc.unwrap().text(), other);
}

#[test]
fn written_packet_is_read_back_and_has_nothing_else() {
    let label = "{\"Label\":\"1\",\r\n\"ContentProducer\":\"豆包 <a&b> ]]> \\\"x\\\"\"}";
    let source = description(&format!(
        "<TC260:AIGC>{}</TC260:AIGC><x:DigitalSourceType>{AI}</x:DigitalSourceType><x:AISystemUsed>secret\
         </x:AISystemUsed>",
        label.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;")
    ));
    let provenance = read(&source);
    let packet = provenance.packet(&AiLabels::default(), None).unwrap();
    assert_eq!(labels(&packet), (Some(label.to_owned()), Some(AI.to_owned())));
    assert_eq!(read(&packet).packet(&AiLabels::default(), None).as_ref(), Some(&packet));
    assert!(memmem::find(&packet, b"secret").is_none());
    assert_eq!(provenance.packet(&AiLabels::Drop, None), None);
    assert_eq!(Provenance::new(true).packet(&AiLabels::default(), None), None);
}

#[test]
fn propagator_is_named_only_in_a_label_of_the_rule() {
    let labels_of = |source: &str| {
        let rule = AiLabels::Keep { propagator: Propagator::parse("ours") };
        labels(read(source).packet(&rule, Some("77")).unwrap())
    };
    let digital_source_type = format!("<x:DigitalSourceType>{AI}</x:DigitalSourceType>");
    let label = format!("<TC260:AIGC>{JSON}</TC260:AIGC>");
    let spread = JSON.replace('}', r#","ContentPropagator":"ours","PropagateID":"77"}"#);
    assert_eq!(labels_of(&description(&label)), (Some(spread), None));
    assert_eq!(labels_of(&description(&digital_source_type)), (None, Some(AI.to_owned())));
}

#[test]
fn longest_label_fits_into_a_segment_of_jpeg() {
    let json = format!("{{\"Label\":\"{}\"}}", "&".repeat(8 * 1024 - 12));
    let mut provenance = Provenance::default();
    provenance.read_text(json.as_bytes());
    let labels = AiLabels::Keep { propagator: Propagator::parse(&"&".repeat(Propagator::LONGEST)) };
    let packet = provenance.packet(&labels, Some(&"7".repeat(32))).unwrap();
    assert!((40_000..43_000).contains(&packet.len()), "{}", packet.len());
}

#[test]
fn hostile_packets_have_no_labels_and_take_no_time() {
    let label = format!("<TC260:AIGC>{JSON}</TC260:AIGC>");
    let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let bindings = many(40_000, &|n| format!(" xmlns:n{n}='u'"));
    let attributes = many(80_000, &|n| format!(" n{n}:AIGC=''"));
    let laughs = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>";
    let external = "<!DOCTYPE l SYSTEM 'file:///etc/passwd'>";
    let packets = [
        format!("{laughs}{}", description(&label)),
        format!("{external}{}", description(&label)),
        description(&label.replace("ex-0001", "&b;")),
        description(&format!("{}{label}", "<a>".repeat(200_000))),
        description(&format!("<TC260:AIGC>{}", "<a>".repeat(200_000))),
        rdf(&format!("<rdf:Description{bindings}>{label}</rdf:Description>")),
        rdf(&format!("<rdf:Description{attributes}>")),
        description(&"<TC260:AIGC/>".repeat(75_000)),
        description(&"<TC260:AIGC>{\"Label\":[".repeat(40_000)),
        description(&format!("<TC260:AIGC>{{\"Label\":{}", "[".repeat(1_000_000))),
        format!("{}{}", " ".repeat(LONGEST_PACKET), description(&label)),
        "<AIGC".repeat(200_000),
    ];
    for packet in packets {
        let start = Instant::now();
        assert_eq!(read(&packet), Provenance::default(), "{packet:.200}");
        // Without optimisation; with it, the worst takes some 10 ms.
        assert!(start.elapsed() < Duration::from_secs(3), "{packet:.200}");
    }
    for length in 0..description(&label).len() {
        read(&description(&label)[..length]);
    }
    let mut tight = Budget::new(Limits {
        max_pixels: 1,
        memory: 1000,
        damage: Tolerance::default(),
        threads: NonZeroUsize::MIN,
    });
    let refusal = Provenance::default().read_xmp(description(&label).as_bytes(), &mut tight);
    assert!(matches!(refusal, Err(Error::TooMuchMemory { .. })), "{refusal:?}");
}
