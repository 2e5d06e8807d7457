//! Charts by month, drawn by `plotters`: no other module knows it.

use plotters::prelude::*;

/// A month and what is counted for and against.
pub struct Month {
    /// What stands below its bars.
    pub label: String,
    pub good: u64,
    pub bad: u64,
}

/// The size in pixels: on a narrow phone one to one, and it may grow.
const SIZE: (u32, u32) = (340, 170);
/// Blue and vermilion, which everybody can tell apart, on white as on black.
const GOOD: RGBColor = RGBColor(0x00, 0x72, 0xB2);
const BAD: RGBColor = RGBColor(0xD5, 0x5E, 0x00);

/// Draws what speaks for above a line, and what speaks against below it.
///
/// It is an SVG element for a page of HTML: without addresses, and in the color of its text.
pub fn months(months: &[Month]) -> Result<String, String> {
    let mut svg = String::new();
    draw(&mut svg, months).map_err(|error| error.to_string())?;
    // Within HTML the element needs no namespace, which is an address by its form.
    let svg = svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", " aria-hidden=\"true\"", 1);
    Ok(svg.replace("\"#000000\"", "\"currentColor\""))
}

type DrawingError = Box<dyn std::error::Error>;

fn draw(svg: &mut String, months: &[Month]) -> Result<(), DrawingError> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let height = |count: u64| i64::try_from(count).unwrap_or(i64::MAX).min(1_000_000_000_000);
    let most = |count: fn(&Month) -> u64| height(months.iter().map(count).max().unwrap_or(0));
    let (good, bad) = (most(|month| month.good), most(|month| month.bad));
    // The coordinates of plotters have a segment for their end, too.
    let last = i32::try_from(months.len())?.saturating_sub(1);
    let mut chart = ChartBuilder::on(&area)
        .margin(4)
        .x_label_area_size(20)
        .y_label_area_size(36)
        .build_cartesian_2d((0..last).into_segmented(), -bad..good.max(1))?;
    let label = |column: &SegmentValue<i32>| match column {
        SegmentValue::Exact(at) | SegmentValue::CenterOf(at) => {
            let month = usize::try_from(*at).ok().and_then(|at| months.get(at));
            month.map(|month| month.label.clone()).unwrap_or_default()
        }
        SegmentValue::Last => String::new(),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(months.len())
        .y_labels(6)
        .x_label_formatter(&label)
        .y_label_formatter(&|count| count.abs().to_string())
        .label_style(("sans-serif", 13))
        .draw()?;
    for (column, month) in (0..).zip(months) {
        let (left, right) = (SegmentValue::Exact(column), SegmentValue::Exact(column + 1));
        for (end, color) in [(height(month.good), GOOD), (-height(month.bad), BAD)] {
            let corners = [(left.clone(), 0), (right.clone(), end)];
            let mut bar = Rectangle::new(corners, color.filled());
            bar.set_margin(0, 0, 2, 2);
            if end != 0 {
                chart.draw_series([bar])?;
            }
        }
    }
    area.present()?;
    Ok(())
}
