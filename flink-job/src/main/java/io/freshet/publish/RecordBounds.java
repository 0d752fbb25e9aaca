package io.freshet.publish;

import io.freshet.schemas.EventReader;

/**
 * Upper bounds, in bytes, of the parts of a record in one format.
 *
 * @param parameter a parameter in a snapshot
 * @param moment a feature's mean or variance in a snapshot
 * @param controlCharacter a control character of a text; any other one needs at most 4
 * @param classScores the scores of a class in metrics, without its name
 * @param confusionCell a cell of the confusion matrix in metrics
 * @param calibrationBin a bin of confidence in metrics
 * @param expert an expert, with a name that writes out the smallest learning rate
 * @param envelope the fields of fixed number in any record
 * @param message a byte of the message that a dead letter or a prediction is about
 * @param probability the probability of a class in a prediction
 */
public record RecordBounds(
        int parameter,
        int moment,
        int controlCharacter,
        int classScores,
        int confusionCell,
        int calibrationBin,
        int expert,
        int envelope,
        int message,
        int probability) {

    /** Quotation marks, comma and colon, or the number of bytes, of a text. */
    private static final int TEXT = 8;

    private static final int CHARACTER = 4;

    /** Name and value of the header, and their lengths. */
    private static final int HEADER =
            EventReader.SCHEMA_HEADER.length() + EventReader.SCHEMA_BYTES + 4;

    static final RecordBounds AVRO =
            new RecordBounds(
                    Float.BYTES, Double.BYTES, 4, 150, 20, 50, 450, 16_384, 1, Float.BYTES);

    /** A record has an id of its schema in front, and a header with the schema. */
    static final RecordBounds CONFLUENT_AVRO =
            new RecordBounds(
                    Float.BYTES,
                    Double.BYTES,
                    4,
                    150,
                    20,
                    50,
                    450,
                    AVRO.envelope + EventReader.FRAME_BYTES + HEADER,
                    1,
                    Float.BYTES);

    /**
     * A float has up to 15 characters and a double up to 24, before a comma. A control character is
     * a backslash, a letter and four digits.
     */
    static final RecordBounds JSON = new RecordBounds(16, 25, 6, 500, 80, 200, 750, 65_536, 6, 16);

    /** Returns an upper bound of the bytes of a text, with its quotation marks or length. */
    public long text(String text) {
        long controlCharacters = text.chars().filter(Character::isISOControl).count();
        return CHARACTER * (text.length() - controlCharacters)
                + controlCharacter * controlCharacters
                + TEXT;
    }
}
