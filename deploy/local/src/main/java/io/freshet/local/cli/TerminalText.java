package io.freshet.local.cli;

import java.lang.Character.UnicodeScript;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Width, truncation, line breaking and sanitising of text for a terminal. East Asian characters and
 * emoji occupy two columns; combining marks and colour codes occupy none.
 */
public final class TerminalText {
    private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;]*m");
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");
    private static final Pattern WORDS = Pattern.compile(" ");
    private static final Set<UnicodeScript> WIDE =
            EnumSet.of(
                    UnicodeScript.HAN,
                    UnicodeScript.HIRAGANA,
                    UnicodeScript.KATAKANA,
                    UnicodeScript.HANGUL,
                    UnicodeScript.BOPOMOFO,
                    UnicodeScript.YI);

    private TerminalText() {}

    /**
     * Returns a text with each control character and line separator replaced by U+FFFD, so that
     * text from outside cannot control the terminal.
     */
    public static String printable(String text) {
        return UNPRINTABLE.matcher(text).replaceAll("\ufffd");
    }

    /** Returns a text without its colour codes. */
    public static String withoutColours(String text) {
        return COLOUR.matcher(text).replaceAll("");
    }

    /** Returns the number of columns that a text occupies. */
    public static int columns(String text) {
        return withoutColours(text).codePoints().map(TerminalText::columns).sum();
    }

    private static int columns(int codePoint) {
        int type = Character.getType(codePoint);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK) {
            return 0;
        }
        boolean halfwidth = codePoint >= 0xFF61 && codePoint <= 0xFFDC;
        boolean fullwidth =
                (codePoint >= 0x3000 && codePoint <= 0x303E)
                        || (codePoint >= 0xFF01 && codePoint <= 0xFF60)
                        || (codePoint >= 0xFFE0 && codePoint <= 0xFFE6);
        boolean emoji = codePoint >= 0x1F300 && codePoint <= 0x1FAFF;
        return fullwidth || emoji || (!halfwidth && WIDE.contains(UnicodeScript.of(codePoint)))
                ? 2
                : 1;
    }

    /**
     * Breaks a text at its spaces into lines of at most {@code width} columns. A longer word is
     * broken. An empty text gives one empty line.
     *
     * @param text without colour codes
     * @param width at least 2
     */
    public static List<String> wrapped(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : WORDS.split(text, -1)) {
            if (!line.isEmpty() && columns(line + " " + word) > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ");
            for (int at = 0; at < word.length(); ) {
                int next = word.codePointAt(at);
                if (columns(line.toString()) + columns(next) > width) {
                    lines.add(line.toString());
                    line.setLength(0);
                }
                line.appendCodePoint(next);
                at += Character.charCount(next);
            }
        }
        lines.add(line.toString());
        return lines;
    }

    /** Returns the text, truncated with "…" if it occupies more than {@code width} columns. */
    public static String fit(String text, int width) {
        if (columns(text) <= width) {
            return text;
        }
        StringBuilder fitted = new StringBuilder();
        Matcher colour = COLOUR.matcher(text);
        boolean cut = false;
        int taken = 0;
        for (int at = 0; at < text.length(); ) {
            if (colour.region(at, text.length()).lookingAt()) {
                fitted.append(colour.group()); // kept after the cut too, so that colours are reset
                at = colour.end();
                continue;
            }
            int next = text.codePointAt(at);
            at += Character.charCount(next);
            if (!cut && taken + columns(next) > width - 1) {
                fitted.append('…');
                cut = true;
            }
            if (!cut) {
                fitted.appendCodePoint(next);
                taken += columns(next);
            }
        }
        return fitted.toString();
    }
}
