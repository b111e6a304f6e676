//! Pages of paper: text that wraps, tables that go on over the page, and a QR code.
//!
//! The fonts are those that every reader of PDF has, so none travels with the document. They know
//! Western European letters; what is written in others is spelled with these.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use qrcodegen::QrCode;

/// A4, in points.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 48.0;

/// Below this line is the foot of the page.
const BOTTOM: f32 = 64.0;

/// The room between two columns.
const GUTTER: f32 = 6.0;

/// How wide and high a QR code is.
const CODE: f32 = 96.0;

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Title,
    Heading,
    Strong,
    Body,
    Small,
}

/// Pages that are being written.
pub(crate) struct Sheet {
    pages: Vec<Content>,
    mark: Option<String>,
    y: f32,
    right: f32,
}

impl Sheet {
    /// Begins the first page. The mark is printed across every page, below the text.
    pub(crate) fn new(mark: Option<String>) -> Self {
        let right = WIDTH - MARGIN;
        let mut sheet = Self { pages: Vec::new(), mark, y: 0.0, right };
        sheet.turn();
        sheet
    }

    /// Draws a code in the upper right corner and keeps text away from it until [`below_code`].
    ///
    /// [`below_code`]: Self::below_code
    pub(crate) fn code(&mut self, code: &QrCode) {
        let (left, top) = (WIDTH - MARGIN - CODE, HEIGHT - MARGIN);
        let size = u8::try_from(code.size()).unwrap_or(u8::MAX);
        let square = CODE / f32::from(size);
        let content = self.page();
        content.set_fill_gray(0.0);
        for (x, y) in (0..size).flat_map(|y| (0..size).map(move |x| (x, y))) {
            if code.get_module(x.into(), y.into()) {
                let (x, y) = (f32::from(x), f32::from(y) + 1.0);
                content.rect(left + x * square, top - y * square, square, square);
            }
        }
        content.fill_nonzero();
        self.right = left - 2.0 * GUTTER;
    }

    /// Goes on below the code, over the whole width.
    pub(crate) fn below_code(&mut self) {
        self.right = WIDTH - MARGIN;
        self.y = self.y.min(HEIGHT - MARGIN - CODE - GUTTER);
    }

    /// Writes text in as many lines as it needs.
    pub(crate) fn text(&mut self, style: Style, text: &str) {
        for line in wrapped(text, style, self.right - MARGIN) {
            self.room(style.leading());
            self.y -= style.leading();
            self.line(MARGIN, style, &line);
        }
    }

    /// Writes a label and, behind it, text.
    pub(crate) fn fact(&mut self, label: &str, text: &str) {
        let label = latin(&format!("{label}: "));
        let style = Style::Body;
        let indent = Style::Strong.width(&label);
        let lines = wrapped(text, style, self.right - MARGIN - indent);
        for (number, line) in lines.iter().enumerate() {
            self.room(style.leading());
            self.y -= style.leading();
            if number == 0 {
                self.line(MARGIN, Style::Strong, &label);
            }
            self.line(MARGIN + indent, style, line);
        }
    }

    /// Writes what a part is about, never alone at the end of a page.
    pub(crate) fn heading(&mut self, text: &str) {
        self.space();
        self.room(Style::Heading.leading() + 2.0 * Style::Body.leading());
        self.text(Style::Heading, text);
    }

    /// Leaves some room.
    pub(crate) fn space(&mut self) {
        self.y -= GUTTER;
    }

    /// Draws a line from margin to margin.
    pub(crate) fn rule(&mut self) {
        self.y -= GUTTER;
        let (y, right) = (self.y, WIDTH - MARGIN);
        self.page().set_stroke_gray(0.6).set_line_width(0.5);
        self.page().move_to(MARGIN, y).line_to(right, y).stroke();
    }

    /// Writes a table, with its head again on every page. Columns are as wide as their weights.
    pub(crate) fn table<const N: usize>(&mut self, head: [(&str, f32); N], rows: &[[String; N]]) {
        let weights: f32 = head.iter().map(|(_, weight)| weight).sum();
        let width = self.right - MARGIN;
        let columns = head.map(|(_, weight)| width * weight / weights);
        let captions = head.map(|(caption, _)| caption.to_owned());
        self.row(Style::Strong, &columns, &captions, None);
        for row in rows {
            self.row(Style::Body, &columns, row, Some(&captions));
        }
    }

    /// Writes a row as a whole if a page can hold it, and else line by line.
    fn row<const N: usize>(
        &mut self,
        style: Style,
        columns: &[f32; N],
        cells: &[String; N],
        head: Option<&[String; N]>,
    ) {
        let mut texts = cells.iter().zip(columns);
        let cells: [Vec<Vec<u8>>; N] = std::array::from_fn(|_| {
            let next = texts.next();
            next.map(|(text, width)| wrapped(text, style, width - GUTTER)).unwrap_or_default()
        });
        let lines = cells.iter().map(Vec::len).max().unwrap_or_default();
        let leading = style.leading();
        let high = f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * leading + GUTTER;
        if high < HEIGHT - MARGIN - BOTTOM - 2.0 * leading && self.y - high < BOTTOM {
            self.turn();
            self.again(columns, head);
        }
        for number in 0..lines {
            if self.y - leading < BOTTOM {
                self.turn();
                self.again(columns, head);
            }
            self.y -= leading;
            let mut x = MARGIN;
            for (cell, width) in cells.iter().zip(columns) {
                if let Some(line) = cell.get(number) {
                    self.line(x, style, line);
                }
                x += width;
            }
        }
        self.rule();
    }

    fn again<const N: usize>(&mut self, columns: &[f32; N], head: Option<&[String; N]>) {
        if let Some(head) = head {
            self.row(Style::Strong, columns, head, None);
        }
    }

    /// Completes the document: every page says at its foot what it belongs to.
    pub(crate) fn finish(self, title: &str, foot: &str) -> Vec<u8> {
        let mut ids = (1..).map(Ref::new);
        let mut next = || ids.next().unwrap_or(Ref::new(i32::MAX));
        let (catalog, tree, info, regular, bold) = (next(), next(), next(), next(), next());
        let mut pdf = Pdf::new();
        let title = String::from_utf8_lossy(&spelled(title)).into_owned();
        let mut root = pdf.catalog(catalog);
        root.pages(tree).lang(TextStr("en"));
        root.viewer_preferences().display_doc_title(true);
        root.finish();
        pdf.document_info(info).title(TextStr(&title)).producer(TextStr("CareHub"));
        for (id, font) in [(regular, "Helvetica"), (bold, "Helvetica-Bold")] {
            let encoding = Name(b"WinAnsiEncoding");
            pdf.type1_font(id).base_font(Name(font.as_bytes())).encoding_predefined(encoding);
        }
        let count = self.pages.len();
        let mut kids = Vec::new();
        for (number, mut content) in self.pages.into_iter().enumerate() {
            let (page, stream) = (next(), next());
            let foot = latin(&format!("{foot}, page {} of {count}", number + 1));
            write(&mut content, MARGIN, BOTTOM - 24.0, Style::Small, &foot);
            pdf.stream(stream, &content.finish());
            let mut leaf = pdf.page(page);
            leaf.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(stream);
            leaf.resources().fonts().pair(Name(b"R"), regular).pair(Name(b"B"), bold);
            leaf.finish();
            kids.push(page);
        }
        pdf.pages(tree).count(i32::try_from(count).unwrap_or(i32::MAX)).kids(kids);
        pdf.finish()
    }

    fn line(&mut self, x: f32, style: Style, line: &[u8]) {
        let y = self.y;
        write(self.page(), x, y, style, line);
    }

    /// Turns the page unless there is room for so much.
    fn room(&mut self, high: f32) {
        if self.y - high < BOTTOM {
            self.turn();
        }
    }

    fn turn(&mut self) {
        let mut content = Content::new();
        if let Some(mark) = &self.mark {
            across(&mut content, &latin(mark));
        }
        self.pages.push(content);
        self.y = HEIGHT - MARGIN;
    }

    fn page(&mut self) -> &mut Content {
        if self.pages.is_empty() {
            self.pages.push(Content::new());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }
}

impl Style {
    fn size(self) -> f32 {
        match self {
            Self::Title => 16.0,
            Self::Heading => 12.0,
            Self::Strong | Self::Body => 10.0,
            Self::Small => 8.0,
        }
    }

    fn leading(self) -> f32 {
        self.size() * 1.3
    }

    fn font(self) -> Name<'static> {
        match self {
            Self::Title | Self::Heading | Self::Strong => Name(b"B"),
            Self::Body | Self::Small => Name(b"R"),
        }
    }

    fn width(self, line: &[u8]) -> f32 {
        let widths = match self {
            Self::Title | Self::Heading | Self::Strong => &BOLD,
            Self::Body | Self::Small => &REGULAR,
        };
        line.iter().map(|&byte| width(byte, widths)).sum::<f32>() * self.size() / 1000.0
    }
}

fn write(content: &mut Content, x: f32, y: f32, style: Style, line: &[u8]) {
    content.set_fill_gray(0.0).begin_text().set_font(style.font(), style.size());
    content.next_line(x, y).show(Str(line)).end_text();
}

/// Writes a word across the page, in light grey.
fn across(content: &mut Content, word: &[u8]) {
    const TURN: f32 = std::f32::consts::FRAC_1_SQRT_2;
    const LONG: f32 = 620.0;

    let size = (LONG / (Style::Title.width(word) / Style::Title.size())).min(110.0);
    let half = Style::Title.width(word) / Style::Title.size() * size / 2.0 * TURN;
    let (x, y) = (WIDTH / 2.0 - half, HEIGHT / 2.0 - half);
    content.set_fill_gray(0.88).begin_text().set_font(Style::Title.font(), size);
    content.set_text_matrix([TURN, TURN, -TURN, TURN, x, y]).show(Str(word)).end_text();
}

/// Breaks text into lines, between words where that goes.
fn wrapped(text: &str, style: Style, width: f32) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line: Vec<u8> = Vec::new();
        for word in latin(paragraph).split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
            let longer = [line.as_slice(), word].join(&b' ');
            if !line.is_empty() && style.width(&longer) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for &byte in word {
                line.push(byte);
                if style.width(&line) > width && line.len() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, vec![byte]));
                }
            }
        }
        lines.push(line);
    }
    lines
}

/// The text in the code of the fonts, which is Latin 1 as far as that goes.
fn latin(text: &str) -> Vec<u8> {
    text.chars().flat_map(letter).collect()
}

fn letter(c: char) -> Vec<u8> {
    match c {
        '\t' | '\u{a0}' => vec![b' '],
        ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}' => {
            u8::try_from(u32::from(c)).into_iter().collect()
        }
        c if c.is_control() || c == '\u{ad}' => Vec::new(),
        // Spelled as a letter, the micro of another alphabet would be milli.
        'μ' => vec![0xb5],
        '㎍' => vec![0xb5, b'g'],
        c => spelled(&c.to_string()),
    }
}

/// The text in ASCII. What nobody can spell is a question mark.
fn spelled(text: &str) -> Vec<u8> {
    let ascii = deunicode::deunicode_with_tofu(text, "?");
    ascii.bytes().map(|byte| if byte.is_ascii_graphic() { byte } else { b' ' }).collect()
}

/// How wide a letter is, in thousandths of the size. Letters with accents are as wide as without.
fn width(byte: u8, widths: &[u16; 95]) -> f32 {
    let plain = |byte: u8| {
        let place = usize::from(byte.saturating_sub(b' '));
        widths.get(place).copied().map_or(1000.0, f32::from)
    };
    match byte {
        b' '..=b'~' => plain(byte),
        0xc6 | 0xe6 => 1000.0,
        0xaa | 0xb0 | 0xb2 | 0xb3 | 0xb9 | 0xba => 400.0,
        0xb7 | 0xb8 => 333.0,
        byte => {
            let spelled = deunicode::deunicode_char(char::from(byte)).unwrap_or("W");
            spelled.bytes().map(plain).sum::<f32>().max(plain(b'n'))
        }
    }
}

/// From the metrics of the fourteen standard fonts, from the space to the tilde.
/// <https://adobe-type-tools.github.io/font-tech-notes/>
const REGULAR: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use qrcodegen::QrCodeEcc;

    use super::*;

    fn times(pdf: &[u8], what: &str) -> usize {
        pdf.windows(what.len()).filter(|window| *window == what.as_bytes()).count()
    }

    #[test]
    fn a_long_table_goes_on_with_its_head_on_every_page() {
        let mut sheet = Sheet::new(Some("CANCELLED".to_owned()));
        let rows: Vec<_> =
            (0..90).map(|n| [format!("Medicine {n}"), "Once daily".into()]).collect();
        sheet.table([("Name", 2.0), ("Dose", 1.0)], &rows);

        let pdf = sheet.finish("Title", "Foot");

        let pages = times(&pdf, "/Type /Page\n");
        assert!(pages > 1, "{pages}");
        assert_eq!(times(&pdf, "(Name) Tj"), pages);
        assert_eq!(times(&pdf, "(CANCELLED) Tj"), pages);
        assert_eq!(times(&pdf, "(Once daily) Tj"), 90);
        assert_eq!(times(&pdf, &format!("page {pages} of {pages})")), 1);
    }

    #[test]
    fn a_row_longer_than_a_page_is_all_there() {
        let mut sheet = Sheet::new(None);
        let endless = vec!["word"; 3000].join(" ");
        sheet.table([("A", 1.0), ("B", 1.0)], &[[endless, "x".into()]]);
        assert_eq!(times(&sheet.finish("", ""), "word"), 3000);
    }

    #[test]
    fn letters_that_the_fonts_lack_are_spelled_with_those_they_have() {
        assert_eq!(latin("Zoë Müller"), b"Zo\xeb M\xfcller");
        assert_eq!(latin("Łukasz – “5 mg”"), b"Lukasz - \"5 mg\"");
        assert_eq!(latin("Анна"), b"Anna");
        assert_eq!(latin("50 \u{3bc}g, 50 µg, 50 ㎍"), b"50 \xb5g, 50 \xb5g, 50 \xb5g");
        assert!(latin("محمد 薬").iter().all(u8::is_ascii));
    }

    #[test]
    fn every_dark_square_of_a_code_is_drawn() {
        let code = QrCode::encode_text("https://hub.example", QrCodeEcc::Medium).unwrap();
        let mut sheet = Sheet::new(None);
        sheet.code(&code);
        let range = 0..code.size();
        let dark = range.clone().flat_map(|y| range.clone().map(move |x| (x, y)));
        let dark = dark.filter(|(x, y)| code.get_module(*x, *y)).count();
        assert_eq!(times(&sheet.finish("", ""), " re\n"), dark);
    }

    proptest! {
        #[test]
        fn any_text_fits_between_the_margins(text in any::<String>(), width in 20.0_f32..500.0) {
            for line in wrapped(&text, Style::Body, width) {
                prop_assert!(Style::Body.width(&line) <= width || line.len() <= 1);
            }
        }
    }
}
