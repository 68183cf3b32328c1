/** A PIN in the forms in which it could lie about. Eight digits are also what a PIV card gets, without padding. */
export function formsOf(digits: string): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const plain = Buffer.from(digits, 'ascii');
  return [
    { name: 'digits', bytes: plain },
    { name: 'hex', bytes: Buffer.from(plain.toString('hex')) },
  ];
}
