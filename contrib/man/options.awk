# From the options of --help to a manual page's list: "  -f, --foreground   stay ..." begins one, deeper lines go on.
function protect(text) { gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text); return text }
/^  +-/ || (keys && /^  [a-z]/) {
    line = $0
    sub(/^ +/, "", line)
    at = match(line, /  +/)
    if (at) { name = substr(line, 1, at - 1); text = substr(line, at + RLENGTH) }
    else { split_long(line) }
    printf ".TP\n.B %s\n%s\n", protect(name), protect(text)
    open_option = 1
    next
}
/^ +[^ ]/ && open_option { sub(/^ +/, ""); print protect($0); next }
{ open_option = 0 }
# An option too long for its column is followed by one blank alone: its argument has no small letters.
function split_long(line,   words, count, i) {
    count = split(line, words, " ")
    name = words[1]
    for (i = 2; i <= count && words[i] !~ /^[a-z(]/; i++) name = name " " words[i]
    text = ""
    for (; i <= count; i++) text = text (text == "" ? "" : " ") words[i]
}
