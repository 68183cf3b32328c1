# ---- Containers (ASiC): a ZIP file in which nothing is packed, so that its parts are found from header to header (APPNOTE 4.3.7) -----------

# A number of $3 octets at octet $2 of the hex in $1, lowest first.
octets() {
  part=$(printf '%s' "$1" | cut -c$((2 * $2 + 1))-$((2 * ($2 + $3))))
  number=''
  while [ -n "$part" ]; do
    others=${part#??}
    number=${part%"$others"}$number
    part=$others
  done
  echo $((0x$number))
}
# Writes each part to a file of its own, $tmp/zip/NUMBER, and its name beside it. False where this script cannot read the container.
unpack() {
  rm -rf "$tmp/zip"
  mkdir "$tmp/zip"
  place=0 count=0
  while :; do
    header=$(tail -c +$((place + 1)) "$1" | head -c 30 | hex)
    case $header in 504b0102*) return 0 ;; 504b0304*) [ ${#header} = 60 ] || return 1 ;; *) return 1 ;; esac
    # Neither encrypted nor with its sizes behind it, and stored as it is.
    [ $(($(octets "$header" 6 2) & 9)) = 0 ] && [ "$(octets "$header" 8 2)" = 0 ] || return 1
    stored=$(octets "$header" 22 4) named=$(octets "$header" 26 2)
    start=$((place + 30 + named + $(octets "$header" 28 2)))
    count=$((count + 1))
    [ $count -le 1000 ] || return 1
    tail -c +$((place + 31)) "$1" | head -c "$named" >"$tmp/zip/$count.name"
    tail -c +$((start + 1)) "$1" | head -c "$stored" >"$tmp/zip/$count"
    [ "$(length_of "$tmp/zip/$count")" = "$stored" ] || return 1
    place=$((start + stored))
  done
}
# The parts whose names fit the pattern $1, by number.
parts() {
  part=1
  while [ $part -le $count ]; do
    if grep "$1" "$tmp/zip/$part.name" >/dev/null; then echo $part; fi
    part=$((part + 1))
  done
}
# Whether the manifest $1 says the digest of the part $2, by one of the hashes that are used.
says() {
  for hash in sha256 sha384 sha512; do
    digest=$(openssl dgst -$hash -binary "$tmp/zip/$2" | openssl base64 -A)
    if grep -F ">$digest<" "$tmp/zip/$1" >/dev/null; then return 0; fi
  done
  return 1
}
# Unpacks, and lists the parts that are files which somebody put in.
unpack_files() {
  unpack "$1" || return 1
  parts . >"$tmp/all"
  { parts '^META-INF/' && parts '^mimetype$'; } >"$tmp/own"
  while IFS= read -r part; do if ! grep "^$part\$" "$tmp/own" >/dev/null; then echo "$part"; fi; done <"$tmp/all" >"$tmp/objects"
}
# Digest and name of each of these files.
listing() {
  while IFS= read -r part; do printf '%s %s\n' "$(sum_of "$tmp/zip/$part")" "$(hex <"$tmp/zip/$part.name")"; done <"$tmp/objects" | sort
}
# Where a container was agreed to, one more signature was put into it: the files in the signed container $1 have to be the files in that one.
same_files() {
  document=$(text_in "$seq" document_sha256)
  container=
  if is_hex "$document" 64; then container=$(file_with "$document"); fi
  if [ -z "$container" ]; then
    unchecked=$((unchecked + 1))
    note "$what: what the holder agreed to was a container itself ($document), which is not here; that its files are these was NOT CHECKED. It is given with --document FILE"
    return 0
  fi
  claim "$document"
  listing >"$tmp/signed-files"
  if ! unpack_files "$container"; then
    failed "$what: the container that the holder agreed to is packed in a way that this script does not read"
  else
    listing >"$tmp/agreed-files"
    result=0
    cmp -s "$tmp/agreed-files" "$tmp/signed-files" || result=1
    judge $result "$what: the files in the container are exactly those in the container that the holder agreed to" \
      "$what: the files in the container are not those in the container that the holder agreed to"
  fi
  unpack_files "$1"
}
check_container() {
  if ! unpack_files "$1"; then failed "$what: the container is packed in a way that this script does not read" && return 0; fi
  agreed=
  while IFS= read -r part; do if [ "$(sum_of "$tmp/zip/$part")" = "$(text_in "$seq" document_sha256)" ]; then agreed=$part; fi; done <"$tmp/objects"
  if [ -n "$agreed" ]; then ok "$what: the file in the container is exactly the one that the holder agreed to"; else
    same_files "$1"
  fi
  if [ "$format" = asic-s ]; then
    signature=$(parts '^META-INF/signature\.p7s$')
    if is_number "$signature" && [ -n "$agreed" ]; then check_cms "$tmp/zip/$signature" "$tmp/zip/$agreed"; else
      failed "$what: the container does not hold one signature and the file that it is of"
    fi
    return 0
  fi
  # The newest signature is the one of this operation: it is written behind those that were there.
  signature=$(parts '^META-INF/signature.*\.p7s$' | tail -n 1)
  manifest=
  for part in $(parts '^META-INF/ASiCManifest.*\.xml$'); do
    if is_number "$signature" && grep -F "SigReference URI=\"$(cat "$tmp/zip/$signature.name")\"" "$tmp/zip/$part" >/dev/null; then manifest=$part; fi
  done
  if [ -z "$manifest" ]; then failed "$what: the container does not hold a signature and the manifest that it is of" && return 0; fi
  result=0
  while IFS= read -r part; do says "$manifest" "$part" || result=1; done <"$tmp/objects"
  judge $result "$what: the signed manifest says the digest of every file in the container" "$what: the signed manifest does not say the digest of every file in the container"
  check_cms "$tmp/zip/$signature" "$tmp/zip/$manifest"
}
