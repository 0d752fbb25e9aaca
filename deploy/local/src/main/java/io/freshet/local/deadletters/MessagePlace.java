package io.freshet.local.deadletters;

import io.freshet.local.cli.UserException;
import io.freshet.schemas.DeadLetterEvent;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Topic, partition and offset of a message. */
public record MessagePlace(String topic, int partition, long offset) {
    private static final Pattern FORM =
            Pattern.compile("([a-zA-Z0-9._-]{1,249})/([0-9]{1,9})/([0-9]{1,18})");

    /** Returns the place that the message of a dead letter was read from. */
    public static MessagePlace of(DeadLetterEvent event) {
        return new MessagePlace(event.getTopic(), event.getPartition(), event.getOffset());
    }

    /** Returns the place with the form topic/partition/offset; empty if a text has another form. */
    static Optional<MessagePlace> find(String text) {
        Matcher matcher = FORM.matcher(text);
        return matcher.matches()
                ? Optional.of(
                        new MessagePlace(
                                matcher.group(1),
                                Integer.parseInt(matcher.group(2)),
                                Long.parseLong(matcher.group(3))))
                : Optional.empty();
    }

    /**
     * Returns the place with the form topic/partition/offset.
     *
     * @throws UserException if the text has another form
     */
    public static MessagePlace parse(String text) {
        return find(text)
                .orElseThrow(
                        () ->
                                new UserException(
                                        text
                                                + ": must be topic/partition/offset, such as"
                                                + " labelled-events/0/1234"));
    }

    /** Returns topic/partition/offset. */
    @Override
    public String toString() {
        return topic + "/" + partition + "/" + offset;
    }
}
