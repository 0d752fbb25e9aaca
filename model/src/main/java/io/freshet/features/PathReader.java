package io.freshet.features;

import io.freshet.text.QuotedList;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Parser of field paths and of what follows them in a list of features. Not thread-safe. */
public final class PathReader {
    private static final String END_OF_NAME = ".:,()[]|\"*";

    private final String text;
    private int at;

    PathReader(String text) {
        this.text = text;
    }

    /**
     * Parses a path.
     *
     * @throws IllegalArgumentException if the text is not a path; the message says why
     */
    public static FieldPath parsePath(String text) {
        PathReader reader = new PathReader(text);
        FieldPath path = reader.readPath();
        reader.expectEnd();
        return path;
    }

    /**
     * Reads a path, up to the first character that does not belong to one.
     *
     * @throws IllegalArgumentException if there is none
     */
    FieldPath readPath() {
        List<FieldPath.Step> steps = new ArrayList<>();
        skipSpaces();
        if (peek() != '[') {
            steps.add(FieldPath.Step.name(readName()));
        }
        while (at < text.length()) {
            if (peek() == '.') {
                at++;
                steps.add(FieldPath.Step.name(readName()));
            } else if (peek() == '[' && !isRange()) {
                steps.add(readBrackets());
            } else {
                break;
            }
        }
        return new FieldPath(steps);
    }

    private String readName() {
        int start = at;
        while (at < text.length() && END_OF_NAME.indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String name = text.substring(start, at).strip();
        if (name.isEmpty()) {
            throw invalid("a field's name is expected");
        }
        return name;
    }

    private FieldPath.Step readBrackets() {
        at++;
        FieldPath.Step step;
        if (peek() == '"') {
            step = FieldPath.Step.name(readQuoted());
        } else {
            step = FieldPath.Step.index(readNumber());
        }
        expect(']');
        return step;
    }

    /** Returns whether brackets follow that have a range, such as {@code [0:10]}. */
    private boolean isRange() {
        int end = text.indexOf(']', at);
        int colon = text.indexOf(':', at);
        return text.charAt(at + 1 < text.length() ? at + 1 : at) != '"'
                && colon >= 0
                && colon < end;
    }

    /** Reads a range of indices, such as {@code [0:10]}; null if none follows. */
    int @Nullable [] readRange() {
        if (peek() != '[' || !isRange()) {
            return null;
        }
        at++;
        int from = readNumber();
        expect(':');
        int to = readNumber();
        expect(']');
        if (to <= from) {
            throw invalid("a range's end must be greater than its beginning");
        }
        return new int[] {from, to};
    }

    private int readNumber() {
        int start = at;
        while (at < text.length() && Character.isDigit(text.charAt(at))) {
            at++;
        }
        try {
            return Integer.parseInt(text.substring(start, at));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "an index is expected at character " + (start + 1), e);
        }
    }

    String readQuoted() {
        StringBuilder content = new StringBuilder();
        at = QuotedList.readQuoted(text, at, content);
        return content.toString();
    }

    /** Reads text up to any of the given characters, without the spaces around it. */
    String readUntil(String ends) {
        int start = at;
        while (at < text.length() && ends.indexOf(text.charAt(at)) < 0) {
            at++;
        }
        return text.substring(start, at).strip();
    }

    /** Skips a character if it is the next one; returns whether it was. */
    boolean skip(char c) {
        skipSpaces();
        if (peek() != c) {
            return false;
        }
        at++;
        return true;
    }

    void expect(char c) {
        if (!skip(c)) {
            throw invalid("\"" + c + "\" is expected");
        }
    }

    boolean isAtEnd() {
        skipSpaces();
        return at >= text.length();
    }

    void expectEnd() {
        if (!isAtEnd()) {
            throw invalid("\"" + text.charAt(at) + "\" does not belong there");
        }
    }

    void skipSpaces() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    /** Returns the next character, or 0 at the end. */
    char peek() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    IllegalArgumentException invalid(String problem) {
        return new IllegalArgumentException(problem + " at character " + (at + 1));
    }
}
