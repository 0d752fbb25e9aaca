package io.freshet.local.deadletters;

import io.freshet.local.cli.TerminalText;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Text of bytes for a terminal: the text itself if they are readable UTF-8, else a hex dump. */
final class HexDump {
    static final int WIDTH = 80;

    private static final int PER_LINE = 16;
    private static final char FIRST_PRINTABLE = ' ';
    private static final char LAST_PRINTABLE = '~';

    private HexDump() {}

    /** Returns lines of at most {@value #WIDTH} columns. */
    static List<String> lines(byte[] bytes) {
        try {
            String text =
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            if (!text.isEmpty() && text.lines().allMatch(HexDump::isReadable)) {
                return text.lines()
                        .flatMap(line -> TerminalText.wrapped(line, WIDTH).stream())
                        .toList();
            }
        } catch (CharacterCodingException e) {
            return dump(bytes); // not UTF-8
        }
        return dump(bytes);
    }

    private static boolean isReadable(String line) {
        return TerminalText.printable(line).equals(line);
    }

    private static List<String> dump(byte[] bytes) {
        List<String> lines = new ArrayList<>();
        for (int start = 0; start < bytes.length; start += PER_LINE) {
            StringBuilder hex = new StringBuilder();
            StringBuilder text = new StringBuilder();
            for (int i = start; i < start + PER_LINE; i++) {
                if (i < bytes.length) {
                    hex.append(String.format(Locale.ROOT, " %02x", bytes[i]));
                    char letter = (char) bytes[i];
                    boolean printable = letter >= FIRST_PRINTABLE && letter <= LAST_PRINTABLE;
                    text.append(printable ? letter : '.');
                } else {
                    hex.append("   ");
                }
            }
            lines.add(String.format(Locale.ROOT, "%08x %s  |%s|", start, hex, text));
        }
        return lines;
    }
}
