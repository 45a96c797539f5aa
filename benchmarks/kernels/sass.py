"""Machine code as nvdisasm prints it: which instructions a kernel has, and which of them a round of a loop takes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

LABEL = re.compile(r"^(\.L_x_\d+):")
INSTRUCTION = re.compile(r"/\*[0-9a-f]{4,}\*/\s+(@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)\s*([^;]*);")
PADDING = ("NOP",)


@dataclass
class Block:
    """Instructions that run one after the other, and the blocks that may follow."""

    names: list[str] = field(default_factory=list)
    successors: list[int] = field(default_factory=list)


@dataclass
class Function:
    """Instructions in order; labels say before which of them a branch may arrive."""

    instructions: list[tuple[bool, str, str]] = field(default_factory=list)  # predicated, name, operands
    labels: dict[str, int] = field(default_factory=dict)

    def counts(self) -> Counter[str]:
        return Counter(name for _, name, _ in self.instructions)

    @cached_property
    def blocks(self) -> list[Block]:
        starts = {0, *self.labels.values()}
        starts |= {i + 1 for i, (_, name, _) in enumerate(self.instructions) if _leaves(name)}
        ordered = sorted(start for start in starts if start < len(self.instructions))
        index = {start: k for k, start in enumerate(ordered)}
        blocks = []
        for k, start in enumerate(ordered):
            end = ordered[k + 1] if k + 1 < len(ordered) else len(self.instructions)
            block = Block([name for _, name, _ in self.instructions[start:end] if name not in PADDING])
            predicated, name, operands = self.instructions[end - 1]
            target = re.search(r"`\((\.L_x_\d+)\)", operands)
            if name.startswith("BRA") and target:
                block.successors.append(index[self.labels[target[1]]])
            conditional = predicated or operands.split("`")[0].strip() != "" or name.startswith("BRA.DIV")
            if end < len(self.instructions) and (conditional or not _leaves(name)):
                block.successors.append(index[end])
            blocks.append(block)
        return blocks

    def longest_round(self, avoided: str = "") -> list[str]:
        """The instructions on the longest way once through the innermost loop with the most stores.

        Loops inside it are taken once. `avoided` is the beginning of an instruction's name: blocks that have such a one
        are on no way.
        """
        forward, backward = self._edges()
        loops: dict[int, set[int]] = {}
        for tail, head in backward:
            loops.setdefault(head, set()).update(self._natural_loop(tail, head))
        if not loops:
            raise ValueError("expected a kernel that stores in a loop, got none")
        head = min(loops, key=lambda head: (-self._stores(loops[head]), len(loops[head])))
        seldom = {
            k for k, block in enumerate(self.blocks) if avoided and any(n.startswith(avoided) for n in block.names)
        }
        longest: dict[int, list[str]] = {}
        for block in self._topological(forward):
            if block not in loops[head] - seldom:
                continue
            before = [longest[p] for p in loops[head] if block in forward[p] and p in longest]
            if before or block == head:
                longest[block] = max(before, key=len, default=[]) + self.blocks[block].names
        tails = [tail for tail, to in backward if to == head]
        return max((longest[tail] for tail in tails if tail in longest), key=len)

    def _stores(self, blocks: set[int]) -> int:
        return sum(name.startswith(("STG", "ST.")) for block in blocks for name in self.blocks[block].names)

    def _edges(self) -> tuple[dict[int, set[int]], list[tuple[int, int]]]:
        """Edges that lead on and edges that lead back to a block on the way, by a depth-first search."""
        forward: dict[int, set[int]] = {k: set() for k in range(len(self.blocks))}
        backward, state = [], {}
        stack = [(0, iter(self.blocks[0].successors))]
        state[0] = "open"
        while stack:
            block, successors = stack[-1]
            for successor in successors:
                if state.get(successor) == "open":
                    backward.append((block, successor))
                    continue
                forward[block].add(successor)
                if successor not in state:
                    state[successor] = "open"
                    stack.append((successor, iter(self.blocks[successor].successors)))
                    break
            else:
                state[block] = "done"
                stack.pop()
        return forward, backward

    def _natural_loop(self, tail: int, head: int) -> set[int]:
        predecessors: dict[int, set[int]] = {}
        for k, block in enumerate(self.blocks):
            for successor in block.successors:
                predecessors.setdefault(successor, set()).add(k)
        body, pending = {head, tail}, [tail] if tail != head else []
        while pending:
            for before in predecessors.get(pending.pop(), ()):
                if before not in body:
                    body.add(before)
                    pending.append(before)
        return body

    @staticmethod
    def _topological(forward: dict[int, set[int]]) -> list[int]:
        entering = Counter(to for successors in forward.values() for to in successors)
        ready = [block for block in forward if entering[block] == 0]
        result = []
        while ready:
            block = ready.pop()
            result.append(block)
            for successor in forward[block]:
                entering[successor] -= 1
                if entering[successor] == 0:
                    ready.append(successor)
        return result


def _leaves(name: str) -> bool:
    return name.split(".")[0] in ("BRA", "EXIT", "RET", "BRX", "JMP", "KILL")


def functions_of(listing: str) -> dict[str, Function]:
    """The functions of `nvdisasm -c`, by their mangled names."""
    functions: dict[str, Function] = {}
    current = Function()
    for line in listing.splitlines():
        if section := re.match(r"\.text\.(\w+):", line):
            current = functions.setdefault(section[1], Function())
        elif label := LABEL.match(line):
            current.labels[label[1]] = len(current.instructions)
        elif found := INSTRUCTION.search(line):
            current.instructions.append((found[1] is not None, found[2], found[3].strip()))
    return functions
