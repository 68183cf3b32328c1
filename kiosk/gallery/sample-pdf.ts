/** A small contract as a PDF, written by hand: three pages of text in a font that the document does not carry. */

const paragraphs = [
  'This agreement is made between the Riverside Housing Cooperative, hereafter the landlord,',
  'and Ada Lovelace, hereafter the tenant. It begins on the first day of the coming month and',
  'runs until one of the two ends it in writing, with three months of notice.',
  '',
  'The landlord lets the flat on the second floor of 12 Mill Lane, with a kitchen, a bath, two',
  'rooms and a cellar, for living in. The rent is due on the third working day of each month.',
  '',
  'The tenant keeps the flat in good order and tells the landlord of any damage at once. Small',
  'repairs of up to 80.00 in a single case are borne by the tenant, all others by the landlord.',
];

function pageText(page: number): string {
  const lines = [`BT /F2 24 Tf 72 760 Td (Tenancy agreement, part ${page}) Tj ET`];
  let y = 715;
  for (let part = 1; part <= 4; part += 1) {
    lines.push(`BT /F2 13 Tf 72 ${y} Td (${page}.${part}  Terms) Tj ET`);
    y -= 22;
    for (const line of paragraphs) {
      if (line !== '') lines.push(`BT /F1 11 Tf 72 ${y} Td (${line}) Tj ET`);
      y -= 15;
    }
    y -= 12;
  }
  return lines.join('\n');
}

/** The bytes of the sample. */
export function writeSamplePdf(pages: number): Uint8Array<ArrayBuffer> {
  const kids = Array.from({ length: pages }, (_, index) => `${5 + index * 2} 0 R`).join(' ');
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>',
  ];
  for (let page = 1; page <= pages; page += 1) {
    const text = pageText(page);
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents ${6 + (page - 1) * 2} 0 R >>`,
      `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    );
  }
  let pdf = '%PDF-1.7\n';
  const offsets = objects.map((body, index) => {
    const offset = pdf.length;
    pdf += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return offset;
  });
  const start = pdf.length;
  pdf += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  pdf += offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  pdf += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return new TextEncoder().encode(pdf);
}
