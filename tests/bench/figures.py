"""How figures are told: a line, a table, and a drawing."""

SIGN = {"less": "≤", "more": "≥"}


def number(value, unit):
    if unit == "x":
        return "%.2f ×" % value
    return "%.3g %s" % (value, unit)


def bar(row):
    return "" if row["bar"] is None else "%s %s" % (SIGN[row["better"]], number(row["bar"], row["unit"]))


def met(row):
    if row["bar"] is None:
        return True
    return row["value"] <= row["bar"] if row["better"] == "less" else row["value"] >= row["bar"]


def line(row):
    return "%-50s %-22s %11s  %-9s %s  %s" % (row["what"], row["beside"], number(row["value"], row["unit"]), bar(row),
                                              "" if met(row) else "NOT MET", row["detail"])


def table(rows):
    out = ["| what | beside | measured | bar | |", "|---|---|---|---|---|"]
    for row in rows:
        out.append("| %s | %s | %s | %s | %s |" % (row["what"], row["beside"], number(row["value"], row["unit"]),
                                                   bar(row) + ("" if met(row) else " **not met**"), row["detail"]))
    return "\n".join(out)


def svg(rows):
    """Each figure that has a bar, drawn as its share of the bar: shorter is better for all of them."""
    drawn = [row for row in rows if row["bar"]]
    step, left, scale = 26, 420, 260
    bottom = 10 + step * len(drawn)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 940 %d" font-family="sans-serif" font-size="13">' % (bottom + 30),
           '<rect width="100%" height="100%" fill="white"/>']
    for index, row in enumerate(drawn):
        share = row["value"] / row["bar"] if row["better"] == "less" else row["bar"] / row["value"]
        y, length = 10 + index * step, min(share, 1.5) * scale
        label = "%s, beside %s" % (row["what"], row["beside"]) if row["beside"] else row["what"]
        out.append('<text x="%d" y="%d" text-anchor="end">%s</text>' % (left - 8, y + 15, label.replace("&", "&amp;")))
        out.append('<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' %
                   (left, y + 3, length, step - 8, "#3a7d44" if met(row) else "#c0392b"))
        out.append('<text x="%.1f" y="%d" fill="#333">%s (bar %s)</text>' %
                   (left + max(length, scale) + 8, y + 15, number(row["value"], row["unit"]), bar(row)))
    out.append('<line x1="%d" y1="5" x2="%d" y2="%d" stroke="#333" stroke-dasharray="4 3"/>' % (left + scale, left + scale, bottom))
    out.append('<text x="%d" y="%d" text-anchor="middle" fill="#333">the bar; shorter is better</text>' % (left + scale, bottom + 18))
    out.append("</svg>\n")
    return "\n".join(out)
