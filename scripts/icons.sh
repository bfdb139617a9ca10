#!/usr/bin/env bash
# Renders icons/source.svg into every size the window, Windows and macOS ask for. Run it after changing the source.
. "$(dirname "$0")/lib.sh"
cd "$ROOT/icons"

packages "to render the icons" librsvg2-bin icnsutils imagemagick
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

render() { rsvg-convert -w "$1" -h "$1" source.svg -o "$2"; }
render 32 32x32.png
render 128 128x128.png
render 256 128x128@2x.png
render 512 icon.png
for size in 16 32 48 128 256 512; do render "$size" "$work/$size.png"; done
convert "$work/16.png" "$work/32.png" "$work/48.png" "$work/256.png" icon.ico
png2icns icon.icns "$work/16.png" "$work/32.png" "$work/48.png" "$work/128.png" "$work/256.png" "$work/512.png" >/dev/null
say "Rendered: $(ls -- *.png *.ico *.icns | tr '\n' ' ')"
