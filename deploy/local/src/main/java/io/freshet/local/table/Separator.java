package io.freshet.local.table;

import java.util.List;

/** Detection of the character between the cells of a table. */
final class Separator {
    /** Candidates in the order in which they are preferred. */
    private static final List<Character> CANDIDATES = List.of(',', ';', '\t', '|');

    private Separator() {}

    /**
     * Returns the separator that divides all lines into the same number of cells, at least two; if
     * there is none, the one that is most frequent in the first line.
     *
     * @param lines first lines of a file, at least one
     */
    static char detect(List<String> lines) {
        char best = ',';
        int most = 0;
        boolean bestIsRegular = false;
        for (char candidate : CANDIDATES) {
            int inHeader = count(lines.get(0), candidate);
            boolean regular =
                    inHeader > 0
                            && lines.stream()
                                    .allMatch(
                                            line ->
                                                    line.isBlank()
                                                            || Math.abs(
                                                                            count(line, candidate)
                                                                                    - inHeader)
                                                                    <= 1);
            if ((regular && !bestIsRegular) || (regular == bestIsRegular && inHeader > most)) {
                best = candidate;
                most = inHeader;
                bestIsRegular = regular;
            }
        }
        return best;
    }

    /** Returns how often a character occurs outside quotes. */
    private static int count(String line, char candidate) {
        boolean quoted = false;
        int found = 0;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == candidate && !quoted) {
                found++;
            }
        }
        return found;
    }
}
