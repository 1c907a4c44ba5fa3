//! Two JPEG files with the same MD5, and so the same ETag.

/// Beginning of a JPEG file whose comments end at byte 128, and at byte 384 if [`DIFFERENCE`] is applied. Both have the
/// same MD5 (computed by Marc Stevens and Ange Albertini, corkami/collisions).
const PREFIX: &str = "ffd8fffe0003aafffe0077bb82c3a6dcd80beba4b3fbf222de0148f7851f2f63\
                      52dfef069a4576188bfdea251357834fb6236dfd509bf22d2fb7d4fe85da23e3\
                      abb7309cbc5b684c612528492e18b46d5622a2b583abc4970efc0fbd68dce6a0\
                      149d32399b6e4e17b95735186fcec540b90455771372f9af787d44982753173b";

/// Bytes of the prefix that differ, and their other values.
const DIFFERENCE: [(usize, u8); 2] = [(0x09, 0x01), (0x49, 0x24)];

/// Two files with the same MD5 and length. A reader of the first finds the picture `first`, behind a comment that holds
/// the picture `second`; a reader of the second finds that one, and stops at its end.
pub fn colliding(first: &[u8], second: &[u8]) -> [Vec<u8>; 2] {
    const GAP: usize = 384 - 128;
    let length = u16::try_from(GAP - 2 + second.len() - 2).unwrap();
    let prefix = hex::decode(PREFIX).unwrap();
    let mut file =
        [&prefix, &[0xff, 0xfe][..], &length.to_be_bytes(), &[0; GAP - 4], &second[2..], &first[2..]]
            .concat();
    let one = file.clone();
    for (position, value) in DIFFERENCE {
        file[position] = value;
    }
    [one, file]
}
