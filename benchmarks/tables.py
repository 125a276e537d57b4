"""What races have shown as Markdown, and as a picture."""

from __future__ import annotations

import json
import subprocess
from statistics import median

from environment import HERE, python, say
from race import Race, ratio
from rows import BY_HAND, COMPARED, GOALS, TITLES

TIE = 1.3
"""On a shared machine, a smaller factor says nothing."""

COLOURS = {"ours": "#0072b2", "by hand": "#000000", "peers": "#e69f00"}

Results = dict[str, dict[str, Race]]
"""The races by workload and case."""

Measure = tuple[str, str, float, str, float]
"""A row of the first table that is no race: the work, what it is compared with or its unit, the figure, the bound."""


def goals(results: Results, measures: list[Measure]) -> str:
    """Return the first table: what was to be reached, and what this run found."""
    heads = ["work", "times as long as", "found", "goal"]
    rows: list[list[str]] = []
    for goal in GOALS:
        race = results.get(goal.workload, {}).get(goal.case)
        if race and goal.contender in race.times and goal.other in race.times:
            found = ratio(race.times[goal.contender], race.times[goal.other])
            other = BY_HAND[goal.workload] if goal.other == "by hand" else goal.other
            sign = ">=" if goal.at_least else "<="
            rows.append([goal.work, other, f"{found:.2f}", f"{sign} {goal.ratio:g}"])
    rows += [
        [work, of, f"{found:.{2 if found < 10 else 0}f}", f"{sign} {bound:g}"]
        for work, of, found, sign, bound in measures
    ]
    return "\n".join([line(heads), line(["---", "---", "---:", "---:"]), *map(line, rows)]) + "\n" if rows else ""


def table(workload: str, cases: dict[str, Race]) -> str:
    """Return a workload's results as a Markdown table, and what it says of ours and the peers."""
    heads: list[str] = ["contender"]
    rows: dict[str, list[str]] = {}
    for column, (case, race) in enumerate(cases.items()):
        operations = int(case.replace(",", "")) if workload == "chain" else 1
        label = case if len(cases) > 1 else "step"
        heads += [f"{label}: {'ns' if workload == 'chain' else 'ms'}", "/ by hand"]
        for name in [*race.times, *race.absent]:
            row = rows.setdefault(name, [BY_HAND[workload] if name == "by hand" else name])
            row += ["-"] * (1 + 2 * column - len(row))
            if name in race.absent:
                row += [f"not run: {race.absent[name][:60]}", ""]
                continue
            seconds = median(race.times[name])
            figure = f"{seconds * 1e9 / operations:,.0f}" if workload == "chain" else f"{seconds * 1e3:,.3f}"
            row += [figure, f"{ratio(race.times[name], race.times['by hand']):,.2f}"]
    last = next(reversed(cases.values()))
    heads += ["first step, s"] + ["peak MiB"] * (workload == "digits")
    for name, row in rows.items():
        row += ["-"] * (1 + 2 * len(cases) - len(row))
        row.append(f"{last.first[name]:,.2f}" if name in last.first else "")
        if workload == "digits":
            row.append(f"{last.memory[name]:,.1f}" if name in last.memory else "")
    lines = [f"## {TITLES[workload]}", "", line(heads), line(["---"] + ["---:"] * (len(heads) - 1))]
    lines += [line(row) for row in rows.values()] + [""]
    for ours, peer in COMPARED[workload]:
        for case, race in cases.items():
            if ours in race.times and peer in race.times:
                faster = ratio(race.times[peer], race.times[ours])
                where = f" at {case}" if len(cases) > 1 else ""
                tie = ", a tie" if 1 / TIE < faster < TIE else ""
                lines.append(f"- {ours}: {faster:.2f} times as fast as {peer}{where}{tie}")
    if workload == "chain" and len(cases) > 1:
        lines += growth(cases)
    return "\n".join(lines) + "\n"


def growth(cases: dict[str, Race]) -> list[str]:
    """Return how much more an operation costs in the longest chain than in the shortest."""
    first, *_, last = cases
    factor = int(last.replace(",", "")) / int(first.replace(",", ""))
    lines = []
    for name in cases[first].times:
        if name.startswith("ours"):
            more = ratio(cases[last].times[name], cases[first].times[name]) / factor
            lines.append(f"- {name}: an operation of {last} costs {more:.2f} times one of {first}")
    return lines


def summary(results: Results) -> str:
    """Return the ratios to the code by hand of all contenders and cases as one Markdown table."""
    cases = [(workload, case, race) for workload, races in results.items() for case, race in races.items()]
    heads = [workload if len(results[workload]) == 1 else f"{workload}: {case}" for workload, case, _ in cases]
    names = dict.fromkeys(name for _, _, race in cases for name in race.times if name != "by hand")
    rows = [
        [name, *(f"{ratio(r.times[name], r.times['by hand']):,.2f}" if name in r.times else "" for _, _, r in cases)]
        for name in names
    ]
    lines = [line(["times as long as by hand", *heads]), line(["---"] + ["---:"] * len(heads)), *map(line, rows)]
    return "\n".join(lines) + "\n"


def line(cells: list[str]) -> str:
    """Return a line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


PLOT = """
import json, sys
import matplotlib; matplotlib.use("svg")
import matplotlib.pyplot as plt, matplotlib.ticker
figure = json.load(open(sys.argv[1]))
panels = figure["panels"]
plt.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.family": "sans-serif"}
rows = -(-len(panels) // 3)
fig, axes = plt.subplots(rows, 3, figsize=(15.6, 6.0 * rows), layout="constrained", squeeze=False)
for ax in axes.flat[len(panels):]:
    ax.remove()
for ax, panel in zip(axes.flat, panels):
    names, ratios = panel["names"][::-1], panel["ratios"][::-1]
    ax.barh(names, ratios, color=[figure["colours"][k] for k in panel["kinds"][::-1]], left=0)
    ax.set_xscale("log"); ax.xaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    ax.set_title(panel["title"], fontsize=10); ax.set_xlabel("times as long as by hand")
    ax.tick_params(labelsize=8); ax.axvline(1, color="black", lw=0.8)
    for k, r in enumerate(ratios):
        ax.text(r, k, f" {r:,.2g}" if r < 100 else f" {r:,.0f}", va="center", fontsize=7)
    ax.set_xlim(right=max(ratios) * 4)
    ax.spines[["top", "right"]].set_visible(False)
fig.savefig(sys.argv[2], metadata={"Date": None})
"""


def plot(results: Results) -> None:
    """Draw the ratios to the code by hand, a panel a case, as results.svg; by the environment's Matplotlib."""
    panels = []
    for workload, cases in results.items():
        for case, race in cases.items():
            names = sorted(race.times, key=lambda name: ratio(race.times[name], race.times["by hand"]))
            kinds = ["by hand" if n == "by hand" else "ours" if n.startswith("ours") else "peers" for n in names]
            shown = [BY_HAND[workload] if n == "by hand" else n for n in names]
            ratios = [ratio(race.times[n], race.times["by hand"]) for n in names]
            title = workload if len(cases) == 1 else f"{workload}: {case}"
            panels.append({"title": title, "names": shown, "ratios": ratios, "kinds": kinds})
    source = HERE / "plot.json"
    source.write_text(json.dumps({"panels": panels, "colours": COLOURS}))
    done = subprocess.run([str(python()), "-c", PLOT, str(source), str(HERE / "results.svg")], check=False)
    source.unlink()
    if done.returncode:
        say("no picture: it needs Matplotlib")
