package io.freshet.local.stream;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExamplePacker;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.MissingValues;
import io.freshet.ingest.RawMessage;
import io.freshet.ingest.SourceConfig;
import io.freshet.ingest.SourceFormat;
import io.freshet.local.cli.UserException;
import io.freshet.local.inspect.DataProfile;
import io.freshet.local.inspect.FieldChoice;
import io.freshet.local.inspect.Proposal;
import io.freshet.local.table.DataFile;
import io.freshet.local.table.Row;
import io.freshet.local.table.RowReader;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Stream of the rows of a file, each of which is sent as a JSON object. Which field is the label
 * and which are features is proposed from all rows, which are read once for that.
 */
public final class FileStream implements LabelledStream {
    /** Start of the keys that determine the features of an example. */
    private static final String FEATURES = "features.";

    private final DataFile file;
    private final Proposal proposal;
    private final DataProfile profile;
    private final Map<String, String> given;
    private final int epochs;
    private final @Nullable Long shuffleSeed;

    private FileStream(
            DataFile file,
            Proposal proposal,
            DataProfile profile,
            Map<String, String> given,
            int epochs,
            @Nullable Long shuffleSeed) {
        this.file = file;
        this.proposal = proposal;
        this.profile = profile;
        this.given = Map.copyOf(given);
        this.epochs = epochs;
        this.shuffleSeed = shuffleSeed;
    }

    /**
     * Reads a file to its end.
     *
     * @param choice what is known about the fields
     * @param settings settings of the job that are given; what they map is not guessed
     * @param epochs number of times that the rows are sent, at least 1
     * @param shuffleSeed seed of the order of the rows, another one in each epoch; null for the
     *     order of the file. Shuffling holds all rows in memory.
     * @throws UserException if the file is invalid; names the file and the line
     */
    public static FileStream read(
            DataFile file,
            FieldChoice choice,
            Map<String, String> settings,
            int epochs,
            @Nullable Long shuffleSeed) {
        DataProfile profile = profile(file);
        try {
            Proposal proposal = Proposal.of(profile, choice, file.format().isSparse(), settings);
            return new FileStream(file, proposal, profile, settings, epochs, shuffleSeed);
        } catch (UserException e) {
            throw new UserException(file.title() + ": " + e.getMessage(), e);
        }
    }

    /**
     * Returns the summary of a file.
     *
     * @throws UserException if the file is invalid; names the file and the line
     */
    private static DataProfile profile(DataFile file) {
        DataProfile profile = new DataProfile(file.numberStyles(), file.commas());
        try (RowReader reader = file.open()) {
            profile.declare(reader.declared());
            for (Row row = reader.next(); row != null; row = reader.next()) {
                profile.add(row);
            }
        } catch (IOException e) {
            throw invalid(file.title(), e, profile.rows());
        }
        if (profile.rows() == 0) {
            throw new UserException(file.title() + ": the file has no rows");
        }
        profile.end();
        return profile;
    }

    /** Returns the failure to read a file after some rows, in plain words. */
    static UserException invalid(String file, IOException e, long rows) {
        if (e instanceof NoSuchFileException) {
            return new UserException(file + " does not exist", e);
        }
        if (e instanceof EOFException) {
            return new UserException(
                    file + " ends too early, after " + rows + " complete rows: it was cut off", e);
        }
        if (e instanceof CharacterCodingException) {
            return new UserException(
                    file
                            + " has bytes after row "
                            + rows
                            + " that are invalid in its encoding; --encoding sets another",
                    e);
        }
        return new UserException(file + ": " + e.getMessage(), e);
    }

    /** Returns the message of a row, without a topic. */
    public static RawMessage message(long row, byte[] value) {
        return new RawMessage("", 0, row, 0, null, value, new String[0], new byte[0][]);
    }

    /** Returns the summary of the rows. */
    public DataProfile profile() {
        return profile;
    }

    /** Returns which fields are what. */
    public Proposal proposal() {
        return proposal;
    }

    /** Returns what was assumed about the file, a sentence each without its full stop. */
    public List<String> assumptions() {
        List<String> all = new ArrayList<>(file.assumptions());
        all.addAll(proposal.assumptions());
        return all;
    }

    @Override
    public String description() {
        return file.name();
    }

    @Override
    public int numFeatures() {
        return proposal.featureList().numColumns();
    }

    @Override
    public List<String> classes() {
        return List.copyOf(proposal.classes().keySet());
    }

    @Override
    public long size() {
        return profile.rows() * epochs;
    }

    @Override
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(SourceConfig.FORMAT.name(), Key.kebab(SourceFormat.JSON));
        settings.putAll(proposal.settings());
        return settings;
    }

    @Override
    public Items<byte[]> messages() {
        if (shuffleSeed != null) {
            return new Shuffled(rows(), epochs, shuffleSeed);
        }
        return new Repeated();
    }

    private List<byte[]> rows() {
        List<byte[]> all = new ArrayList<>();
        try (RowMessages messages = new RowMessages(file, proposal)) {
            messages.forEachRemaining(all::add);
        }
        return all;
    }

    @Override
    public Items<Example> examples() {
        Map<String, String> values = settings();
        IngestConfig.KEYS.stream()
                .map(Key::name)
                .filter(name -> name.startsWith(FEATURES))
                .filter(given::containsKey)
                .forEach(name -> values.put(name, given.get(name)));
        Settings settings = Settings.of(values, IngestConfig.KEYS, Set.of());
        IngestConfig config = IngestConfig.from(settings);
        settings.throwIfProblems();
        return new Decoded(messages(), config);
    }

    /** The messages of the rows of a file, from the first to the last. */
    private static final class RowMessages implements Items<byte[]> {
        private final DataFile file;
        private final RowReader reader;
        private final RowEncoder encoder;
        private long read;
        private @Nullable Row next;

        RowMessages(DataFile file, Proposal proposal) {
            this.file = file;
            encoder = new RowEncoder(proposal);
            try {
                reader = file.open();
                next = reader.next();
            } catch (IOException e) {
                throw invalid(file.title(), e, 0);
            }
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public byte[] next() {
            if (next == null) {
                throw new NoSuchElementException();
            }
            try {
                byte[] message = encoder.encode(next);
                read++;
                next = reader.next();
                return message;
            } catch (IOException e) {
                throw invalid(file.title(), e, read);
            }
        }

        @Override
        public void close() {
            try {
                reader.close();
            } catch (IOException e) {
                throw invalid(file.title(), e, read);
            }
        }
    }

    /** The messages of the file, once for each epoch. */
    private final class Repeated implements Items<byte[]> {
        private int epoch = 1;
        private RowMessages current = new RowMessages(file, proposal);

        @Override
        public boolean hasNext() {
            while (!current.hasNext() && epoch < epochs) {
                current.close();
                epoch++;
                current = new RowMessages(file, proposal);
            }
            return current.hasNext();
        }

        @Override
        public byte[] next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return current.next();
        }

        @Override
        public void close() {
            current.close();
        }
    }

    /** The messages in memory, in another order in each epoch. */
    private static final class Shuffled implements Items<byte[]> {
        private final List<byte[]> rows;
        private final Random random;
        private int epochsLeft;
        private Iterator<byte[]> current = Collections.emptyIterator();

        Shuffled(List<byte[]> rows, int epochs, long seed) {
            this.rows = rows;
            random = new Random(seed);
            epochsLeft = epochs;
        }

        @Override
        public boolean hasNext() {
            if (!current.hasNext() && epochsLeft > 0) {
                epochsLeft--;
                Collections.shuffle(rows, random);
                current = rows.iterator();
            }
            return current.hasNext();
        }

        @Override
        public byte[] next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return current.next();
        }

        @Override
        public void close() {}
    }

    /** The examples that the job makes of messages. */
    private static final class Decoded implements Items<Example> {
        private final Items<byte[]> messages;
        private final List<String> classes;
        private final MissingValues missing;
        private final ExamplePacker packer;
        private long offset;
        private @Nullable DeadLetter deadLetter;

        Decoded(Items<byte[]> messages, IngestConfig config) {
            this.messages = messages;
            classes = config.classes();
            missing = config.missing();
            packer = new ExamplePacker(config, null, letter -> deadLetter = letter);
        }

        @Override
        public boolean hasNext() {
            return messages.hasNext();
        }

        @Override
        public Example next() {
            ExampleBlock block = packer.pack(message(offset++, messages.next()));
            if (deadLetter != null) {
                throw new UserException("row " + offset + ": " + deadLetter.detail());
            }
            Examples examples = block.examples();
            if (missing == MissingValues.ZERO) {
                examples.setMissingToZero();
            }
            int label = examples.labels()[0];
            List<String> names = classes.isEmpty() ? block.classNames() : classes;
            Example example =
                    example(label == Examples.UNLABELLED ? null : names.get(label), examples);
            packer.recycle(block);
            return example;
        }

        private static Example example(@Nullable String label, Examples examples) {
            SparseRows rows = examples.sparse();
            if (rows == null) {
                return new Example(
                        label, Arrays.copyOf(examples.features(), examples.numFeatures()));
            }
            int start = rows.start(0);
            int end = rows.end(0);
            return new Example(
                    label,
                    Arrays.copyOfRange(rows.values(), start, end),
                    Arrays.copyOfRange(rows.columns(), start, end));
        }

        @Override
        public void close() {
            messages.close();
        }
    }
}
