//! Region of the bucket of an event.
//!
//! Events name it in several members or not at all. The best source wins; the region of the function is the
//! last resort.

use serde_json::Value;

use crate::event::key::ObjectUrl;
use crate::event::member::text;
use crate::object::Region;

/// Finds the region in the best member that has one. In order: the long label of newer events, the host of
/// the `url`, the function name in `eventQueue`, the short code of older events, and the region of the
/// function.
pub(super) fn find(record: &Value, url: Option<&str>, default: Option<&Region>) -> Option<Region> {
    let member = |pointer| text(record, pointer).and_then(|text| Region::parse(text.trim()).ok());
    let short = text(record, "/cos/cosBucket/region");
    member("/cos/cosBucket/cosRegion")
        .or_else(|| member("/cos/cosBucket/s3Region"))
        .or_else(|| from_host(ObjectUrl::parse(url?)?.host))
        .or_else(|| member("/cos/cosBucket/region"))
        .or_else(|| from_queue(&text(record, "/event/eventQueue")?))
        .or_else(|| from_short_code(&short?))
        .or_else(|| default.cloned())
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
                find(&record, Some(url), Some(&default)).unwrap().as_str(),
                region,
                "{bucket} {url} {queue}"
            );
        }
    }

    #[test]
    fn known_short_codes_name_a_region() {
        for code in ["gz", "sh", "bj", "cd", "tj", "sgp", "sg", "ger", "de", "usw", "tpe", "szx"] {
            assert!(from_short_code(code).is_some(), "{code}");
        }
    }
}
