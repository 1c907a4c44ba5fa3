//! Region of the bucket of an event.
//!
//! Events name it in several members or not at all. The best source wins; the region of the function is the
//! last resort.

use serde_json::Value;

use crate::event::Remark;
use crate::event::key::ObjectUrl;
use crate::event::member::text;
use crate::object::Region;

/// Finds the region in the best member that has one. In order: the long label of newer events, the host of
/// the `url`, the function name in `eventQueue`, the short code of older events, and the region of the
/// function.
///
/// A label that is not known may be that of a new region. It is passed over only if another member about the bucket
/// contradicts it by a known one.
pub(super) fn find(
    record: &Value,
    url: Option<&str>,
    default: Option<&Region>,
) -> Option<(Region, Option<Remark>)> {
    let member = |pointer| text(record, pointer).and_then(|text| Region::parse(text.trim()).ok());
    let short = text(record, "/cos/cosBucket/region").and_then(|code| from_short_code(&code));
    let of_bucket = [
        member("/cos/cosBucket/cosRegion"),
        member("/cos/cosBucket/s3Region"),
        url.and_then(ObjectUrl::parse).and_then(|url| from_host(url.host)),
        member("/cos/cosBucket/region"),
    ];
    let named = of_bucket.iter().flatten().next().cloned();
    let of_bucket_known = of_bucket.into_iter().flatten().chain(short.clone()).find(is_known);
    match (named, of_bucket_known) {
        (Some(named), Some(taken)) if !is_known(&named) => {
            Some((taken.clone(), Some(Remark::RegionMismatch { named, taken })))
        }
        (named, _) => {
            let queue = || from_queue(&text(record, "/event/eventQueue")?);
            let region = named.or_else(queue).or(short).or_else(|| default.cloned())?;
            let remark = (!is_known(&region)).then(|| Remark::UnknownRegion(region.clone()));
            Some((region, remark))
        }
    }
}

/// Returns `true` for the regions of COS and SCF (436/6224, 583/58400), and for those that were closed.
fn is_known(region: &Region) -> bool {
    const KNOWN: [&str; 29] = [
        "ap-bangkok",
        "ap-beijing",
        "ap-beijing-1",
        "ap-beijing-fsi",
        "ap-chengdu",
        "ap-chongqing",
        "ap-guangzhou",
        "ap-guangzhou-open",
        "ap-hongkong",
        "ap-jakarta",
        "ap-mumbai",
        "ap-nanjing",
        "ap-osaka",
        "ap-qingyuan",
        "ap-seoul",
        "ap-shanghai",
        "ap-shanghai-fsi",
        "ap-shenzhen",
        "ap-shenzhen-fsi",
        "ap-singapore",
        "ap-taipei",
        "ap-tianjin",
        "ap-tokyo",
        "eu-frankfurt",
        "eu-moscow",
        "na-ashburn",
        "na-siliconvalley",
        "na-toronto",
        "sa-saopaulo",
    ];
    KNOWN.contains(&region.as_str())
}

/// Reads the label after `cos` or `cos-internal`. Old hosts and the accelerated domain have none.
fn from_host(host: &str) -> Option<Region> {
    let mut labels = host.split('.').skip_while(|label| !matches!(*label, "cos" | "cos-internal")).skip(1);
    Region::parse(labels.next()?).ok()
}

/// Reads the region of a function name: `qcs:0:scf:<region>:appid/…`.
fn from_queue(queue: &str) -> Option<Region> {
    Region::parse(queue.split(':').nth(3)?).ok()
}

/// Translates a short code, as COS events, SDKs and Tencent's region lists write it.
fn from_short_code(code: &str) -> Option<Region> {
    let label = match code {
        "bj" => "ap-beijing",
        "bjjr" => "ap-beijing-fsi",
        "ca" | "tor" => "na-toronto",
        "cd" => "ap-chengdu",
        "cq" => "ap-chongqing",
        "de" | "ger" => "eu-frankfurt",
        "gz" => "ap-guangzhou",
        "gzopen" => "ap-guangzhou-open",
        "hk" => "ap-hongkong",
        "in" => "ap-mumbai",
        "jkt" => "ap-jakarta",
        "jp" => "ap-tokyo",
        "kr" => "ap-seoul",
        "nj" => "ap-nanjing",
        "osa" => "ap-osaka",
        "qy" => "ap-qingyuan",
        "ru" => "eu-moscow",
        "sao" => "sa-saopaulo",
        "sg" | "sgp" => "ap-singapore",
        "sh" => "ap-shanghai",
        "shjr" => "ap-shanghai-fsi",
        "szjr" => "ap-shenzhen-fsi",
        "szx" => "ap-shenzhen",
        "th" => "ap-bangkok",
        "tj" => "ap-beijing-1",
        "tpe" => "ap-taipei",
        "tsn" => "ap-tianjin",
        "use" => "na-ashburn",
        "usw" => "na-siliconvalley",
        _ => return None,
    };
    Region::parse(label).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_member_names_the_region() {
        let table = [
            (r#"{"cosRegion":"ap-shanghai","region":"gz"}"#, "", "", "ap-shanghai"),
            (r#"{"s3Region":"ap-shanghai","region":"gz"}"#, "", "", "ap-shanghai"),
            (r#"{"region":"gz"}"#, "http://p-1.cos.ap-chongqing.myqcloud.com/a", "", "ap-chongqing"),
            (r#"{"region":"gz"}"#, "http://p-1.cos-internal.ap-seoul.tencentcos.cn/a", "", "ap-seoul"),
            (r#"{"region":"gz"}"#, "http://p-1.cos.accelerate.myqcloud.com/a", "", "ap-guangzhou"),
            (r#"{"region":"bj"}"#, "http://p-1.cosbj.myqcloud.com/a", "", "ap-beijing"),
            (r#"{"region":"ap-nanjing"}"#, "", "qcs:0:scf:ap-guangzhou:appid/1:f", "ap-nanjing"),
            (r#"{"region":"gz"}"#, "...", "qcs:0:scf:ap-chengdu:appid/1:f", "ap-chengdu"),
            (r#"{"region":"gz"}"#, "", "qcs:0:lambda:cd:appid/1:f", "ap-guangzhou"),
            (r#"{"region":"xyz"}"#, "", "", "ap-hongkong"),
            ("{}", "", "", "ap-hongkong"),
        ];
        let default = Region::parse("ap-hongkong").unwrap();
        for (bucket, url, queue, region) in table {
            let record = format!(r#"{{"cos":{{"cosBucket":{bucket}}},"event":{{"eventQueue":"{queue}"}}}}"#);
            let record = serde_json::from_str(&record).unwrap();
            assert_eq!(
                find(&record, Some(url), Some(&default)).unwrap().0.as_str(),
                region,
                "{bucket} {url} {queue}"
            );
        }
    }

    #[test]
    fn unknown_regions_are_used_unless_a_known_one_contradicts_them() {
        let url = "http://p-1.cos.ap-guangzhou.myqcloud.com/a";
        let table = [
            (r#"{"cosRegion":"ap-nowhere","s3Region":"ap-shanghai"}"#, "", "ap-shanghai", true),
            (r#"{"cosRegion":"ap-nowhere"}"#, url, "ap-guangzhou", true),
            (r#"{"cosRegion":"ap-nowhere","region":"gz"}"#, "", "ap-guangzhou", true),
            (r#"{"cosRegion":"ap-new","s3Region":"ap-new","region":"nw"}"#, "", "ap-new", true),
            (r#"{"cosRegion":"ap-new"}"#, "http://p-1.cos.ap-new.myqcloud.com/a", "ap-new", true),
            (r#"{"cosRegion":"ap-shanghai","s3Region":"ap-nowhere"}"#, url, "ap-shanghai", false),
        ];
        for (bucket, url, region, remarked) in table {
            let record = serde_json::from_str(&format!(r#"{{"cos":{{"cosBucket":{bucket}}}}}"#)).unwrap();
            let (found, remark) = find(&record, Some(url), None).unwrap();
            assert_eq!((found.as_str(), remark.is_some()), (region, remarked), "{bucket} {url}");
        }
    }

    #[test]
    fn known_short_codes_name_a_region() {
        for code in ["gz", "sh", "bj", "cd", "tj", "sgp", "sg", "ger", "de", "usw", "tpe", "szx"] {
            assert!(from_short_code(code).is_some_and(|region| is_known(&region)), "{code}");
        }
    }
}
