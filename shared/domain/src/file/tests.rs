//! Files as they come, and what becomes of them.

use std::{net::IpAddr, time::Instant};

use proptest::prelude::*;

use super::{samples::*, *};
use crate::access::{Origin, Part, Role};

fn look(format: Format, bytes: &[u8]) -> Result<Vec<u8>, Flaw> {
    let declared = Declared { format, size: None, sha256: None };
    inspect(&declared, bytes).map(|found| {
        assert_eq!(found.sha256, Checksum::of(&found.bytes));
        found.bytes.into_owned()
    })
}

fn all() -> [(Format, Vec<u8>); 5] {
    [
        (Format::Pdf, pdf()),
        (Format::Jpeg, jpeg()),
        (Format::Png, png()),
        (Format::Doc, doc()),
        (Format::Docx, docx()),
    ]
}

#[test]
fn files_of_every_kind_are_taken_as_they_are() {
    for (format, bytes) in all() {
        assert_eq!(look(format, &bytes), Ok(bytes), "{format}");
    }
}

#[test]
fn a_file_is_taken_only_for_what_its_name_says() {
    for (format, bytes) in all() {
        for other in Format::ALL.iter().filter(|&&other| other != format) {
            assert_eq!(look(*other, &bytes), Err(Flaw::WrongType), "{format} as {other}");
        }
    }
    assert_eq!(look(Format::Docx, &zip(&[("xl/workbook.xml", b"")])), Err(Flaw::WrongType));
    assert_eq!(look(Format::Pdf, b"<html>%PDF-1.7\n%%EOF"), Err(Flaw::WrongType));
}

#[test]
fn a_file_has_the_size_and_the_content_that_were_announced() {
    let (bytes, other) = (pdf(), Checksum::of(b"another"));
    let checksum = Checksum::of(&bytes);
    let look = |size: usize, sha256: &Checksum| {
        let declared =
            Declared { format: Format::Pdf, size: Some(size as u64), sha256: Some(sha256) };
        inspect(&declared, &bytes).map(drop)
    };
    assert_eq!(look(bytes.len(), &checksum), Ok(()));
    assert_eq!(look(bytes.len() + 1, &checksum), Err(Flaw::WrongSize));
    assert_eq!(look(bytes.len(), &other), Err(Flaw::WrongChecksum));
}

#[test]
fn ten_megabytes_are_taken_and_one_byte_more_is_not() {
    let most = usize::try_from(MOST).unwrap();
    assert!(look(Format::Pdf, &pdf_of(most)).is_ok());
    assert_eq!(look(Format::Pdf, &pdf_of(most + 1)), Err(Flaw::TooLarge));
    assert_eq!(look(Format::Pdf, b""), Err(Flaw::Empty));
}

#[test]
fn what_is_cut_short_is_damaged() {
    for (format, bytes) in all() {
        let cut = look(format, &bytes[..bytes.len() - 7]);
        assert!(matches!(cut, Err(Flaw::Damaged | Flaw::Polyglot)), "{format}: {cut:?}");
    }
}

#[test]
fn what_is_two_things_at_once_is_refused() {
    let archive = zip(&[("run.class", b"\xca\xfe\xba\xbe")]);
    for (format, bytes) in all() {
        let both = look(format, &[bytes, archive.clone()].concat());
        assert!(matches!(both, Err(Flaw::Polyglot | Flaw::Damaged)), "{format}: {both:?}");
    }
    let gifar = [b"GIF89a".as_slice(), &archive].concat();
    assert_eq!(look(Format::Png, &gifar), Err(Flaw::WrongType));
    assert_eq!(look(Format::Docx, &[pdf(), docx()].concat()), Err(Flaw::WrongType));
    assert_eq!(look(Format::Pdf, &[pdf(), docx()].concat()), Err(Flaw::Polyglot));
    let mut in_front = docx();
    in_front.splice(0..0, *b"PK\x03\x04<script>alert(1)</script>");
    assert_eq!(look(Format::Docx, &in_front), Err(Flaw::Polyglot));
    let mut commented = jpeg();
    commented.splice(2..2, [&b"\xff\xfe\0\x0c"[..], b"%PDF-1.7\n\n"].concat());
    assert_eq!(look(Format::Jpeg, &commented), Err(Flaw::Polyglot));
    assert_eq!(look(Format::Png, &[png(), pdf()].concat()), Err(Flaw::Polyglot));
    // What some phones append to a picture is cut off.
    assert_eq!(look(Format::Jpeg, &[jpeg(), b"\0\0\0\x18ftypmp42".to_vec()].concat()), Ok(jpeg()));
}

#[test]
fn archives_that_become_too_large_are_refused_before_they_do() {
    let begun = Instant::now();
    assert_eq!(look(Format::Docx, &bomb()), Err(Flaw::Bomb));
    assert_eq!(look(Format::Docx, &lying_bomb()), Err(Flaw::Bomb));
    let inner = zip(&[("a.xml", b"<a/>")]);
    let nested = zip(&[("b.zip", &inner)]);
    assert_eq!(look(Format::Docx, &docx_with(&[("c.zip", &nested)])), Err(Flaw::Bomb));
    assert!(look(Format::Docx, &docx_with(&[("word/embeddings/t.xlsx", &inner)])).is_ok());
    let names: Vec<_> = (0..2001).map(|name| name.to_string()).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert_eq!(look(Format::Docx, &zip(&many)), Err(Flaw::Bomb));
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

#[test]
fn pictures_that_become_too_large_are_refused() {
    let mut large = jpeg();
    let frame = large.windows(2).position(|window| window == [0xff, 0xc0]).unwrap();
    large[frame + 5..frame + 9].fill(0xff);
    assert_eq!(look(Format::Jpeg, &large), Err(Flaw::Bomb));
}

#[test]
fn documents_that_run_or_load_something_are_refused() {
    let load = b"<Relationship Type='http://x/attachedTemplate' TargetMode=\"External\"/>";
    let hidden = b"<Relationship Type='http://x/attachedTemplate' TargetMode=\"Externa&#108;\"/>";
    let sly = b"<Relationship Type='http://x/attachedTemplate' Target=\"Type='/hyperlink\" TargetMode='External'/>";
    let macros = b"application/vnd.ms-word.document.macroEnabled.main+xml";
    for (name, content, flaw) in [
        ("word/vbaProject.bin", b"".as_slice(), Flaw::Programs),
        ("word/activeX/activeX1.xml", b"", Flaw::Programs),
        ("word/embeddings/oleObject1.bin", &doc(), Flaw::Programs),
        ("word/media/image1.png", b"MZ\x90", Flaw::Programs),
        ("word/media/a.exe", b"", Flaw::Programs),
        ("word/_rels/settings.xml.rels", load, Flaw::Remote),
        ("word/_rels/settings.xml.rels", sly, Flaw::Remote),
        ("word/_rels/settings.xml.rels", hidden, Flaw::Damaged),
        ("../../etc/passwd", b"", Flaw::Damaged),
        ("word/document.xml", b"again", Flaw::Damaged),
    ] {
        assert_eq!(look(Format::Docx, &docx_with(&[(name, content)])), Err(flaw), "{name}");
    }
    let enabled = zip(&[("[Content_Types].xml", macros), ("word/document.xml", b"")]);
    assert_eq!(look(Format::Docx, &enabled), Err(Flaw::Programs));
    assert_eq!(look(Format::Doc, &doc_with("_VBA_PROJECT")), Err(Flaw::Programs));
    assert_eq!(look(Format::Doc, &doc_with("EncryptedPackage")), Err(Flaw::Protected));
    let mut locked = docx();
    let listed = locked.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    locked[listed + 8] = 1;
    assert_eq!(look(Format::Docx, &locked), Err(Flaw::Protected));
}

#[test]
fn a_letter_of_an_old_word_ends_where_it_says() {
    let letter = doc();
    // The table has room for one more sector, which is in use.
    let mut longer = letter.clone();
    longer[512 + 8..512 + 12].copy_from_slice(&0xffff_fffe_u32.to_le_bytes());
    let with = |letter: &[u8], more: usize| look(Format::Doc, &[letter, &vec![1; more]].concat());

    assert_eq!(look(Format::Doc, &[doc(), jpeg()].concat()), Err(Flaw::Polyglot));
    assert_eq!(with(&letter, 1), Err(Flaw::Polyglot));
    assert_eq!(with(&longer, 0), Err(Flaw::Damaged), "its text is cut off");
    assert!(with(&longer, 1).is_ok(), "some programs do not fill the last sector");
    assert!(with(&longer, 512).is_ok());
    assert_eq!(with(&longer, 513), Err(Flaw::Polyglot));
}

#[test]
fn fields_of_a_letter_neither_run_nor_load_anything() {
    let text = |body: &str| {
        let text = format!("<w:document xmlns:w='http://x'><w:p>{body}</w:p></w:document>");
        look(Format::Docx, &docx_with(&[("word/header1.xml", text.as_bytes())])).map(drop)
    };
    let field = |codes: &[&str]| {
        let tag = "w:instrText xml:space=\"preserve\"";
        let code = |code: &&str| format!("<w:r><{tag}>{code}</w:instrText></w:r>");
        text(&codes.iter().map(code).collect::<String>())
    };
    for harmless in [
        &[" PAGE \\* MERGEFORMAT "][..],
        &["HYPERLINK \"https://example.org/dde/include\" \\o \"Hidden link\""],
        &[" TIME \\@ ", "\"d MMMM\" "],
        &["REF include_1"],
        &[],
    ] {
        assert_eq!(field(harmless), Ok(()), "{harmless:?}");
    }
    for (codes, flaw) in [
        (&[" DDEAUTO c:\\\\windows\\\\cmd.exe \"/k calc\""][..], Flaw::Programs),
        (&["DDE"], Flaw::Programs),
        (&["PAGE", " D", "DEA", "UTO excel"], Flaw::Programs),
        (&["DD", "passed over", "EAUTO excel"], Flaw::Programs),
        (&["IncludePicture \"https://example.org/a.png\" \\d"], Flaw::Remote),
        (&["INCLUDETEXT \\\\\\\\example.org\\\\a.docx"], Flaw::Remote),
        (&[" LINK Excel.Sheet.12 \"https://example.org/a.xlsx\""], Flaw::Remote),
        (&["&#68;DE"], Flaw::Damaged),
        (&["DDE<!-- -->AUTO"], Flaw::Damaged),
        (&["<![CDATA[DDEAUTO]]>"], Flaw::Damaged),
    ] {
        assert_eq!(field(codes), Err(flaw), "{codes:?}");
    }
    assert_eq!(text("<w:fldSimple w:instr=' DDEAUTO excel'/>"), Err(Flaw::Programs));
    assert_eq!(text("<w:fldSimple w:instr=' DATE '><w:r/></w:fldSimple>"), Ok(()));
    assert_eq!(text("<w:instrText x='>'>DDE</w:instrText>"), Err(Flaw::Programs));
    assert_eq!(text("<n:instrText>DDE</n:instrText>"), Err(Flaw::Programs));
    assert_eq!(text("<!DOCTYPE w [<!ENTITY a 'DDE'>]>"), Err(Flaw::Damaged));
    let wide: Vec<u8> = "\u{feff}<w:instrText>DDE</w:instrText>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(look(Format::Docx, &docx_with(&[("any.bin", &wide)])), Err(Flaw::Programs));
    let long = [b"<w:document>".to_vec(), vec![b' '; 8 << 20]].concat();
    assert_eq!(look(Format::Docx, &docx_with(&[("word/a.xml", &long)])), Err(Flaw::Bomb));
}

#[test]
fn pictures_do_not_say_where_they_were_taken_and_stay_upright() {
    for (format, bytes) in [(Format::Jpeg, located_jpeg()), (Format::Png, located_png())] {
        let kept = look(format, &bytes).unwrap();

        assert!(!inspection::holds(&kept, b"GPS"), "{format}");
        assert_eq!(look(format, &kept), Ok(kept.clone()), "{format}: once is enough");
    }
    let kept = look(Format::Jpeg, &located_jpeg()).unwrap();
    assert!(inspection::holds(&kept, b"\x01\x12\0\x03\0\0\0\x01\0\x06"), "turned by a quarter");
    let kept = look(Format::Png, &located_png()).unwrap();
    assert!(inspection::holds(&kept, b"gAMA"));
}

#[test]
fn names_lose_paths_and_tricks_and_keep_their_extension() {
    let name = |name: &str| name.parse::<FileName>().map(|name| name.reveal().to_owned());
    assert_eq!(name("C:\\Users\\Ana\\scan.PDF").as_deref(), Ok("scan.PDF"));
    assert_eq!(name("../../etc/scan.pdf").as_deref(), Ok("scan.pdf"));
    assert_eq!(name("a\u{202e}gpj.exe.pdf\r\n").as_deref(), Ok("agpj.exe.pdf"));
    let long = name(&format!("{}.jpeg", "ä".repeat(400))).unwrap();
    assert_eq!((long.chars().count(), long.ends_with("ä.jpeg")), (255, true));
    for bad in ["", ".pdf", "...pdf", "scan", "scan.exe", "scan.pdf.html", "scan.pdf/"] {
        assert_eq!(name(bad), Err(BadFileName), "{bad}");
    }
    let name: FileName = "Röntgen; \"links\".JPG".parse().unwrap();
    assert_eq!(name.plain(), "R_ntgen_ _links_.JPG");
    assert_eq!((name.extension().as_str(), name.format()), ("jpg", Format::Jpeg));
}

#[test]
fn content_types_stand_for_a_kind_or_for_none() {
    assert!(Format::Jpeg.goes_by("IMAGE/jpg"));
    assert!(Format::Pdf.goes_by("application/pdf; charset=binary"));
    assert!(Format::Docx.goes_by("application/octet-stream"));
    assert!(!Format::Pdf.goes_by("image/png"));
    assert_eq!(Formats::PICTURES_AND_PDF.to_string(), "a file that is PDF, JPEG or PNG");
}

#[test]
fn digests_are_read_in_both_spellings() {
    let digest = Checksum::of(b"hello");
    assert_eq!(digest.to_string().parse(), Ok(digest));
    assert_eq!(digest.base64().parse(), Ok(digest));
    assert_eq!("zz".parse::<Checksum>(), Err(BadChecksum));
}

#[test]
fn a_file_is_settled_once_and_belongs_to_one_document() {
    let found = inspect(&Declared { format: Format::Pdf, size: None, sha256: None }, b"");
    assert_eq!(found, Err(Flaw::Empty));
    let file = announced();
    let bytes = pdf();
    let found = inspect(&file.declared(), &bytes).unwrap();
    let at = file.created_at;

    let clean = file.clone().clear(&found, at).unwrap();

    assert!(clean.is_clean());
    assert_eq!(clean.clone().reject(Flaw::Late, at), Err(FileError::Settled));
    let held = held(clean);
    assert_eq!(file.reject(Flaw::Bomb, at).unwrap().flaw(), Some(Flaw::Bomb));
    assert_eq!(held.is_due_at(), None);
}

#[test]
fn what_does_not_arrive_is_given_up_and_what_nobody_claims_is_forgotten() {
    let file = announced();
    let (hour, day) = (file.created_at + AWAITED, file.created_at + UNCLAIMED);
    let moment = SignedDuration::from_secs(1);

    assert_eq!(file.upkeep(hour - moment), Upkeep::Leave);
    assert_eq!(file.upkeep(hour), Upkeep::GiveUp);
    let held = held(file.clone());
    assert_eq!(held.upkeep(hour), Upkeep::GiveUp);
    assert_eq!(held.reject(Flaw::Late, hour).unwrap().upkeep(day), Upkeep::Leave);
    let late = file.reject(Flaw::Late, hour).unwrap();
    assert_eq!((late.upkeep(day - moment), late.upkeep(day)), (Upkeep::Leave, Upkeep::Forget));
    assert!(late.is_claimable(hour) && !late.is_claimable(day - moment));
}

fn held(file: StoredFile) -> StoredFile {
    StoredFile { holder: Some(Reference::named("rep_1")), ..file }
}

fn announced() -> StoredFile {
    let origin =
        Origin { address: IpAddr::from([10, 0, 0, 1]), device: None, request: String::new() };
    let at = Timestamp::from_second(1_900_000_000).unwrap();
    let ana = Actor {
        user: Some(Id::generate(at)),
        part: Part::Member(Role::Patient),
        ..Actor::visitor(origin, at)
    };
    let bytes = pdf();
    let (name, size) = ("scan.pdf".parse().unwrap(), bytes.len() as u64);
    StoredFile::announced(name, size, Checksum::of(&bytes), &ana)
}

proptest! {
    #[test]
    fn any_bytes_are_looked_into_without_panic(
        kind in 0_usize..5,
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        located in any::<bool>(),
    ) {
        let (format, mut sample) = all()[kind].clone();
        if located && format == Format::Jpeg {
            sample = located_jpeg();
        }
        let _ = look(format, &bytes);
        let _ = look(format, &[&sample[..8], &bytes].concat());
        for (place, byte) in changes {
            *place.get_mut(&mut sample) = byte;
        }
        if let Ok(kept) = look(format, &sample) {
            prop_assert_eq!(look(format, &kept), Ok(kept));
        }
    }

    #[test]
    fn any_name_is_cleaned_once(name in any::<String>()) {
        for name in [name.clone(), name + ".pdf"] {
            if let Ok(name) = name.parse::<FileName>() {
                prop_assert_eq!(name.reveal().parse(), Ok(name.clone()));
                prop_assert!(name.reveal().chars().count() <= LONGEST_NAME);
                prop_assert!(name.plain().is_ascii());
            }
        }
    }
}
