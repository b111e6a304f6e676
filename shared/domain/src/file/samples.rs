//! Small files of every kind, and what is wrong with some.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder};

/// A page of a report.
pub fn pdf() -> Vec<u8> {
    b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n".to_vec()
}

/// A report of exactly `size` bytes.
pub fn pdf_of(size: usize) -> Vec<u8> {
    let mut bytes = pdf();
    let padding = size - bytes.len();
    let middle = bytes.len() - "%%EOF\n".len();
    bytes.splice(middle..middle, std::iter::repeat_n(b'\n', padding));
    bytes
}

/// A photograph of one pixel, as cameras begin it.
pub fn jpeg() -> Vec<u8> {
    jpeg_with(&[(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")])
}

/// A photograph that says where it was taken, in three ways, and which way up it is.
pub fn located_jpeg() -> Vec<u8> {
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0\
        \x12\x01\x03\0\x01\0\0\0\x06\0\0\0\
        \x25\x88\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0\
        \x01\0\x02\0\x02\0\x05\0\0\0GPS-31.4844\0\0\0\0\0";
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta exif:GPSLatitude='31,29.06N'/>";
    jpeg_with(&[(0xe1, exif), (0xe1, xmp), (0xfe, b"GPS: at the clinic")])
}

fn jpeg_with(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let frame: &[u8] = &[8, 0, 1, 0, 1, 1, 1, 0x11, 0];
    let scan: &[u8] = &[1, 1, 0, 0, 63, 0];
    for &(marker, content) in segments.iter().chain(&[(0xc0, frame), (0xda, scan)]) {
        let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX);
        bytes.extend([0xff, marker]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(content);
    }
    bytes.extend([0x2b, 0xff, 0x00, 0x3c, 0xff, 0xd9]);
    bytes
}

/// A picture of one pixel.
pub fn png() -> Vec<u8> {
    png_with(&[])
}

/// A picture that says where it was taken.
pub fn located_png() -> Vec<u8> {
    png_with(&[(b"tEXt", b"Location\0GPS-31.4844"), (b"eXIf", b"MM\0*GPS"), (b"gAMA", &[0; 4])])
}

fn png_with(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let size: &[u8] = &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0];
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let all = [[(b"IHDR", size)].as_slice(), chunks, &[(b"IDAT", &[1]), (b"IEND", &[])]].concat();
    for (kind, content) in all {
        bytes.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
        let mut crc = Crc::new();
        crc.update(kind);
        crc.update(content);
        bytes.extend([kind.as_slice(), content, &crc.sum().to_be_bytes()].concat());
    }
    bytes
}

/// A letter of Word.
pub fn docx() -> Vec<u8> {
    docx_with(&[])
}

/// A letter of Word with more in it.
pub fn docx_with(more: &[(&str, &[u8])]) -> Vec<u8> {
    let types = b"<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>";
    let link = b"<Relationship Type='http://x/hyperlink' TargetMode='External' Target='https://example.org'/>";
    let own: [(&str, &[u8]); 3] = [
        ("[Content_Types].xml", types),
        ("word/document.xml", b"<w:document/>"),
        ("word/_rels/document.xml.rels", link),
    ];
    zip(&[&own, more].concat())
}

/// A letter of Word that becomes 100 MB when it is opened.
pub fn bomb() -> Vec<u8> {
    docx_with(&[("word/media/image1.bmp", &vec![0; 100 << 20])])
}

/// The same letter, which says that it stays small.
pub fn lying_bomb() -> Vec<u8> {
    let (mut bytes, true_size) = (bomb(), (100_u32 << 20).to_le_bytes());
    while let Some(at) = bytes.windows(4).position(|window| window == true_size) {
        bytes[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
    }
    bytes
}

/// An archive.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
        let written = packed.write_all(content).and_then(|()| packed.finish());
        let packed = written.unwrap_or_default();
        let mut crc = Crc::new();
        crc.update(content);
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
        let at = number(bytes.len());
        let name_length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
        let shared = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0],
            crc.sum().to_le_bytes().as_slice(),
            &number(packed.len()),
            &number(content.len()),
            &name_length,
            &[0, 0],
        ]
        .concat();
        bytes.extend([b"PK\x03\x04", shared.as_slice(), name.as_bytes(), &packed].concat());
        let rest = [&[0; 10], at.as_slice(), name.as_bytes()].concat();
        list.extend([b"PK\x01\x02\x14\0", shared.as_slice(), &rest].concat());
    }
    let count = u16::try_from(entries.len()).unwrap_or(u16::MAX).to_le_bytes();
    let (begin, length) = (bytes.len(), list.len());
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let end =
        [b"PK\x05\x06\0\0\0\0", count.as_slice(), &count, &number(length), &number(begin), &[0, 0]];
    [bytes, list, end.concat()].concat()
}

/// A letter of an old Word.
pub fn doc() -> Vec<u8> {
    doc_with("1Table")
}

/// A letter of an old Word with something of this name in it.
pub fn doc_with(name: &str) -> Vec<u8> {
    let mut header = vec![0_u8; 512];
    header[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    // Version 3, lowest byte first, sectors of 512 and of 64 bytes.
    header[24..34].copy_from_slice(&[0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    header[44] = 1;
    header[48] = 1;
    header[68..72].copy_from_slice(&[0xfe, 0xff, 0xff, 0xff]);
    header[76..].fill(0xff);
    header[76..80].fill(0);
    let mut table = vec![0xff_u8; 512];
    table[..8].copy_from_slice(&[0xfd, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff]);
    let mut directory = vec![0_u8; 512];
    for (entry, name) in directory.chunks_exact_mut(128).zip(["Root Entry", "WordDocument", name]) {
        for (place, unit) in name.encode_utf16().enumerate() {
            entry[2 * place..2 * place + 2].copy_from_slice(&unit.to_le_bytes());
        }
        entry[64] = u8::try_from(2 * name.encode_utf16().count() + 2).unwrap_or_default();
    }
    [header, table, directory].concat()
}
