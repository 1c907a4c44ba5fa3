//! Checksum of objects.

/// Computes CRC-64/XZ, the value of `x-cos-hash-crc64ecma` (436/34078).
pub(crate) fn crc64(bytes: &[u8]) -> u64 {
    const XZ: crc::Crc<u64> = crc::Crc::<u64>::new(&crc::CRC_64_XZ);
    XZ.checksum(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_equals_the_check_value() {
        assert_eq!(crc64(b"123456789"), 11_051_210_869_376_104_954);
    }
}
