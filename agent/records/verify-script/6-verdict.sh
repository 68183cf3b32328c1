# ---- The signatures: each was begun with the consent and the finger, and ended ------------------------------------------------------------

# A finger for this consent that matched before entry $2, or a vouch that was taken instead.
finger_for() {
  kind=finger-matched
  if without_finger "$1"; then kind=vouched; fi
  while IFS= read -r one; do
    if [ -f "$tmp/e/$one/consent" ] && [ "$(fact "$one" consent)" = "$1" ] && before "$one" "$2"; then echo "$one"; fi
  done <"$tmp/$kind" | head -n 1
}
end_of() {
  while IFS= read -r one; do
    case $(op_of "$one") in sign.done | sign.failed | sign.outcome-unknown) if [ "$(number_in "$one" intent)" = "$1" ]; then echo "$one"; fi ;; esac
  done <"$tmp/numbers"
}
while IFS= read -r seq; do
  what="entry $seq (sign.intent)"
  consent=$(consent_with "$(text_in "$seq" consent_sha256)")
  document=$(text_in "$seq" document_sha256)
  if before "$consent" "$seq" && [ -n "$document" ] && [ "$(certificate_in "$consent")" = "$(text_in "$seq" certificate_sha256)" ] &&
    grep "^$document " "$tmp/e/$consent/documents" >/dev/null; then
    ok "$what: the consent in entry $consent names this document and this certificate"
    printf '%s\n' "$consent" >"$tmp/e/$seq/consent"
  else failed "$what: no consent before it names this document and this certificate"; fi
  end_of "$seq" >"$tmp/ends"
  if [ "$(lines_in "$tmp/ends")" = 1 ]; then ok "$what: it ended in entry $(cat "$tmp/ends") ($(op_of "$(cat "$tmp/ends")"))"; else
    failed "$what: how it ended is not here"
  fi
done <"$tmp/sign.intent"

done_count=0
unchecked=0
unknown_count=0
while IFS= read -r one; do if [ "$(op_of "$one")" = sign.outcome-unknown ]; then unknown_count=$((unknown_count + 1)); fi; done <"$tmp/numbers"
while IFS= read -r seq; do
  what="entry $seq (sign.done)"
  intent=$(number_in "$seq" intent) consent=
  if is_number "$intent" && [ -f "$tmp/e/$intent/consent" ] && before "$intent" "$seq"; then consent=$(fact "$intent" consent); fi
  if [ -z "$consent" ] || [ "$(text_in "$intent" document_sha256)" != "$(text_in "$seq" document_sha256)" ] ||
    [ "$(text_in "$intent" certificate_sha256)" != "$(text_in "$seq" certificate_sha256)" ]; then
    failed "$what: it does not end a signature that was begun with the same document and certificate" && continue
  fi
  finger=$(finger_for "$consent" "$seq")
  by=finger
  if without_finger "$consent"; then by='vouch taken'; fi
  if [ -n "$finger" ]; then ok "$what: it was begun in entry $intent, by the consent in entry $consent and the $by in entry $finger"; else
    failed "$what: no finger matched for its consent before it, and no vouch was taken for it"
  fi
  done_count=$((done_count + 1))
  output=$(text_in "$seq" output_sha256)
  is_hex "$output" 64 || output=none
  file=$(file_with "$output")
  if [ -z "$file" ]; then
    failed "$what: no document here has the digest that the entry says ($output); a document from elsewhere is given with --document FILE" && continue
  fi
  claim "$output"
  judge "$(same "$(length_of "$file")" "$(number_in "$seq" output_size)")" "$what: the signed document has the digest and the size that the entry says" \
    "$what: the signed document has another size than the entry says"
  format=$(text_in "$seq" format)
  case $format in
    '') check_pdf "$file" ;;
    cades) check_beside "$file" ;;
    asic-s | asic-e) check_container "$file" ;;
    *) failed "$what: this script does not know documents of the format $format" ;;
  esac
done <"$tmp/sign.done"

# That whoever vouched has another key than the holder is shown by the certificate that the document was signed with.
while IFS= read -r seq; do
  if [ -f "$tmp/e/$seq/consent" ] && grep "^$(certificate_in "$(fact "$seq" consent)") " "$tmp/signer-keys" >"$tmp/found"; then
    judge "$(same "$(head -n 1 "$tmp/found" | cut -d' ' -f2)" "$(text_in "$seq" public_key)")" "entry $seq (vouched): the key of the holder is that of the certificate in the document" \
      "entry $seq (vouched): the key of the holder is another one than that of the certificate in the document"
  fi
done <"$tmp/vouched"

# What no entry accounts for does not belong here.
while IFS=' ' read -r digest file; do
  case $file in documents/*) grep "^$digest\$" "$tmp/claimed" >/dev/null || failed "documents: $file is not a document of this operation" ;; esac
done <"$tmp/files"
for file in keys/*.pem; do
  case $file in
    keys/signer-*)
      digest=$(openssl x509 -in "$file" -outform DER 2>/dev/null | sum)
      if grep "^$digest\$" "$tmp/certificates" >/dev/null; then ok "certificate: $file is the one in the document"; else
        failed "certificate: $file is not the one that a document of this operation was signed with"
      fi
      ;;
    keys/vouch-*)
      place=$(printf '%s' "$file" | sed 's/[^0-9]*0*\([0-9]*\)\.pem$/\1/')
      grep "^$place\$" "$tmp/vouch" >/dev/null || failed "keys: $file belongs to no entry that is here"
      ;;
    keys/finger-*)
      place=$(printf '%s' "$file" | sed 's/[^0-9]*0*\([0-9]*\)\.pem$/\1/')
      grep "^$place\$" "$tmp/enrol" >/dev/null || failed "keys: $file belongs to no entry that is here"
      ;;
  esac
done

finished=yes
rm -rf "$tmp"
tmp=
if [ $failures = 0 ]; then
  place="Operation $operation in the log $origin"
  rest='What is not shown by this stands in README.md.'
  if [ $unchecked -gt 0 ]; then rest="That the files in a signed container are those that were agreed to was NOT CHECKED ($unchecked). $rest"; fi
  if [ $done_count = 0 ] && [ $unknown_count = 0 ]; then
    printf 'VERDICT: HOLDS, AND NOTHING WAS SIGNED. %s checks. %s: no document was signed in it. %s\n' "$checks" "$place" "$rest"
    exit 3
  fi
  known=
  if [ $unknown_count -gt 0 ]; then known=", and of $unknown_count more nobody knows whether it was"; fi
  if [ $done_count = 0 ]; then
    printf 'VERDICT: HOLDS, AND NOBODY KNOWS WHETHER ANYTHING WAS SIGNED. %s checks. %s: the token was asked and gave no answer that the log has. %s\n' \
      "$checks" "$place" "$rest"
    exit 3
  fi
  printf 'VERDICT: HOLDS. %s checks. %s: %s signed%s. %s\n' \
    "$checks" "$place" "$(if [ $done_count = 1 ]; then echo '1 document was'; else echo "$done_count documents were"; fi)" "$known" "$rest"
  [ $asserted = 0 ] || printf 'That a finger matched is NOT shown: no reader signed it, and %s of these entries are the word of the station alone.\n' "$asserted"
  exit 0
fi
printf 'VERDICT: DOES NOT HOLD. %s of %s checks failed; each line that begins with FAILED says what it means.\n' "$failures" "$((checks + failures))"
exit 1
