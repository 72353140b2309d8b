import type { Help, HelpConfiguration } from 'commander';

const TERM_WIDTH_MAX = 30;
const INDENT = 2;
const GAP = 2;

/**
 * A flag that is longer than its column has a line of its own. Commander makes the column as wide as the longest flag,
 * which with a list of choices leaves no room for what a flag does: 127 blanks, and then one line of 300 characters.
 */
export const HELP_LAYOUT: HelpConfiguration = {
  // So narrow a column is still read more easily than lines that a terminal breaks anywhere.
  minWidthToWrap: 20,
  padWidth(command, helper) {
    const widths = [
      helper.longestOptionTermLength(command, helper),
      helper.longestSubcommandTermLength(command, helper),
      helper.longestArgumentTermLength(command, helper),
    ];
    return Math.min(TERM_WIDTH_MAX, Math.max(...widths));
  },
  formatItem(term, termWidth, description, helper) {
    const indent = ' '.repeat(INDENT);
    if (description === '') return indent + term;
    const column = INDENT + termWidth + GAP;
    const lines = helper.boxWrap(description, widthOf(helper) - column).split('\n');
    const isBeside = helper.displayWidth(term) <= termWidth;
    const first = isBeside ? indent + term.padEnd(termWidth + GAP) + (lines.shift() ?? '') : indent + term;
    return [first, ...lines.map((line) => ' '.repeat(column) + line)].join('\n');
  },
};

function widthOf({ helpWidth = 80 }: Help): number {
  return helpWidth;
}
