"""The results as one readable table."""

MEGA = 1_000_000


def render(results):
    """The whole report, with the targets and what missed them."""
    parts = [
        heading(results), functions(results), budget(results), load(results),
        crowd(results, "crowd", "CROWD", "patients of one hospital",
              "pages of two, so that a thousand make 500"),
        crowd(results, "diary", "DIARY", "appointments of one doctor",
              "each booking takes another slot"),
        files(results),
        aftermath(results),
        safety(results),
    ]
    if results["failures"]:
        lines = [f"  {each.strip()}" for each in results["failures"]]
        parts.append("\n".join(["NOT MEASURED", *lines]))
    missed = [f"{name}: {', '.join(row['missed'])}" for name, row in results["functions"].items()
              if row.get("missed")]
    if missed:
        parts.append("TARGETS MISSED\n" + "\n".join(f"  {each}" for each in missed))
    elif results["functions"]:
        parts.append(f"Every target {'that was measured ' if results['failures'] else ''}is met.")
    return "\n\n".join(filter(None, parts))


def heading(results):
    machine = results["machine"]
    lines = [
        f"CareHub bench, {results['taken']}: {machine['cpu']}, {machine['cores']} cores, "
        f"load average {machine['load_average']:.2f}"
    ]
    if machine["load_average"] > machine["cores"] / 2:
        lines.append("The machine is busy with something else: read the times as upper bounds.")
    return "\n".join(lines)


def functions(results):
    if not results["functions"]:
        return None
    targets = results["targets"]
    header = [
        "function", "init", "p95", "answer", "p95", "init/empty", "answer/empty",
        "peak MB", "binary MB", "zip MB", "",
    ]
    rows = [function_row(name, row) for name, row in results["functions"].items()]
    rows.append([
        "target", "", "", "", "", limit(targets["ratio"]), limit(targets["ratio"]),
        f"< {targets['peak_bytes'] / MEGA:.0f}", "", f"< {targets['zip_bytes'] / MEGA:.0f}", "",
    ])
    notes = [
        f"Cold starts: median of {results['starts']}, milliseconds; init = exec to first poll, "
        "answer = exec to first answer without the emulator's own time.",
        "The ratio is to the medians of `empty`, started in turn with each function; "
        "the row `empty` is its ratio to itself, so its distance from 1.00 is the noise.",
        "Peak = VmHWM after the first answer, 50 more, and the function's own events "
        "(events.json). MB = 10^6 bytes.",
    ]
    skipped = [name for name, row in results["functions"].items()
               if row.get("memory", {}).get("skipped_own_events")]
    if skipped:
        notes.append(f"Own events left out, no DynamoDB endpoint: {', '.join(skipped)}.")
    return "\n".join(["FUNCTIONS", grid(header, rows), *notes])


def function_row(name, row):
    cold, memory, size = row.get("cold"), row.get("memory"), row.get("size")
    cells = [name]
    if cold:
        cells += [f"{cold[key][value]:.2f}" for key in ("init_ms", "answer_ms")
                  for value in ("median", "p95")]
        cells += [f"{row['ratio']['init']:.2f}", f"{row['ratio']['answer']:.2f}"]
    else:
        cells += ["–"] * 6
    cells.append(f"{memory['peak_bytes'] / MEGA:.1f}" if memory else "–")
    cells += [f"{size[key] / MEGA:.2f}" if size else "–" for key in ("binary_bytes", "zip_bytes")]
    return [*cells, verdict(row)]


def verdict(row):
    if row.get("error"):
        return "not measured"
    return "missed " + ", ".join(row["missed"]) if row.get("missed") else "ok"


def limit(value):
    return f"≤ {value:.2f}"


def budget(results):
    rows = results["budget"]
    if rows is None:
        return None
    if not rows:
        return "DYNAMODB PER REQUEST\nNo budget.json: the test that writes it has not run."
    cells = [
        [
            f"{row['method']} {row['path']}",
            str(sum(row["calls"].values())),
            ", ".join(f"{count} {call}" for call, count in sorted(row["calls"].items())) or "none",
            f"{row['read_units']:g}",
            f"{row['write_units']:g}",
        ]
        for row in rows
    ]
    header = ["endpoint", "calls", "which", "read units", "write units"]
    return "DYNAMODB PER REQUEST\n" + grid(header, cells, left=(0, 2))


def load(results):
    rows = results["load"]
    if not rows:
        return None
    cells = [
        [
            row["name"],
            f"{row['method']} {row['path']}",
            f"{row['per_second']:,.0f}",
            f"{row['p50_ms']:.2f}",
            f"{row['p99_ms']:.2f}",
            "client-bound" if (row["client_busy"] or 0) > 0.9 else "",
        ]
        for row in rows
    ]
    header = ["one machine", "endpoint", "requests/s", "p50 ms", "p99 ms", ""]
    notes = [
        f"{results['connections']} keep-alive connections, {results['seconds']:g} s each, by "
        f"{' and '.join(dict.fromkeys(row['client'] for row in rows))} on the same machine."
    ]
    if any(row[-1] for row in cells):
        notes.append("Client-bound: the client used up its core, the platform can do more.")
    return "\n".join(["LOAD", grid(header, cells, left=(0, 1, 5)), *notes])


def crowd(results, part, title, what, how):
    found = results[part]
    if not found:
        return None
    small, large = found["sizes"]
    cells = [
        [
            row["view"],
            *(f"{row['ms'][size]:.2f}" for size in (str(small), str(large))),
            f"{row['ratio']:.2f}",
            ", ".join(f"{count} {call}" for call, count in sorted(row["calls"].items())),
            "ok" if row["passes"] else "missed",
        ]
        for row in found["views"]
    ]
    cells.append(["target", "", "", limit(results["targets"]["crowd_ratio"]), "the same", ""])
    header = [what, f"{small:,} ms", f"{large:,} ms", "ratio", "calls", ""]
    notes = [f"Median of sequential requests over HTTP; {how}. "
             "Calls without those of the gate and the audit log."]
    return "\n".join([title, grid(header, cells, left=(0, 4)), *notes])


def files(results):
    rows = results["files"]
    if not rows:
        return None
    cells = [
        [
            row["what"],
            f"{row['bytes'] / MEGA:.0f}",
            f"{row['ms']:.1f}",
            f"{row['mb_per_second']:,.0f}",
            f"{row['ratio']:.2f}",
        ]
        for row in rows
    ]
    header = ["files", "MB", "ms", "MB/s", "time/plain"]
    notes = ["Median of sequential requests over HTTP; plain = the same bytes to and from the same S3 "
             "without CareHub, signed in the same way."]
    return "\n".join(["FILES", grid(header, cells), *notes])


def aftermath(results):
    found = results.get("aftermath")
    if not found:
        return None
    push, relay = found["push"], found["relay"]
    cells = [
        ["from an entry's answer to its push", f"p50 {push['p50_ms']:.0f} ms", f"p99 {push['p99_ms']:.0f} ms",
         f"{push['count']} entries of a doctor, one at a time"],
        ["events through relay", f"{relay['per_second']:,.0f} a second", "",
         f"{relay['events']:,} events, written at {relay['written_per_second']:,.0f} a second, "
         f"{relay['behind']:,} behind at the end"],
    ]
    return "AFTERWARDS\n" + grid(["what", "", "", ""], cells, left=(0, 3))


def safety(results):
    found = results["safety"]
    if not found:
        return None
    verdict = "ok" if found["passes"] else "missed"
    return "\n".join([
        "SAFETY CHECK",
        f"{found['ns'] / 1000:.1f} µs of processor time for {found['new']} new and "
        f"{found['current']} current medicines, {found['alerts']} alerts: {verdict} "
        f"(target < {results['targets']['safety_ns'] / 1000:.0f} µs)",
        f"Mean of {found['checks']:,} checks; the first, which reads the data, took "
        f"{found['first_ns'] / 1_000_000:.1f} ms.",
    ])


def grid(header, rows, left=(0,)):
    """Aligned columns; the last one is always free text."""
    table = [header, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    left = {*left, *([len(header) - 1] if not header[-1] else [])}

    def line(row):
        return "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()

    rule = "─" * len(line([width * "─" for width in widths]))
    return "\n".join([line(header), rule, *map(line, rows)])
