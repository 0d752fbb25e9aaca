package io.freshet.local.cluster;

import io.freshet.local.cli.Directories;
import io.freshet.local.cli.Failures;
import io.freshet.local.cli.UserException;
import io.freshet.pipeline.JobCheckpoint;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.pipeline.PreflightException;
import io.freshet.pipeline.TopicSelection;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Directory in which {@code freshet run} keeps the checkpoints and savepoints of one job, so that
 * the job continues where it ended. Only one process can use it at a time.
 */
public final class StateDirectory implements AutoCloseable {
    private static final String LOCK = "lock";
    private static final String CHECKPOINTS = "checkpoints";
    private static final String SAVEPOINTS = "savepoints";
    private static final String METADATA = "_metadata";

    /** Number of checkpoints that are kept. */
    static final int RETAINED = 3;

    /** Depth of a checkpoint's metadata: checkpoints, job, checkpoint, file. */
    private static final int DEPTH = 4;

    private final Path path;
    private final FileChannel channel;

    private StateDirectory(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Returns the directory that a job uses unless another is named: in the user's data directory,
     * by cluster id, input topic and job name. Of several topics the first counts, so that others
     * can be added.
     *
     * @throws PreflightException if Kafka does not tell the cluster's id
     */
    public static Path defaultPath(JobConfig config)
            throws PreflightException, InterruptedException {
        String dataHome = System.getenv("XDG_DATA_HOME");
        Path data =
                dataHome == null || dataHome.isBlank()
                        ? Path.of(System.getProperty("user.home"), ".local", "share")
                        : Path.of(dataHome);
        return data.resolve("freshet")
                .resolve(name(KafkaPreflight.clusterId(config.kafka())))
                .resolve(name(source(config.kafka().labelled())))
                .resolve(name(config.jobName()));
    }

    private static String source(TopicSelection input) {
        return input.pattern() == null ? input.names().get(0) : input.pattern();
    }

    private static String name(String text) {
        String name = URLEncoder.encode(text, StandardCharsets.UTF_8);
        return name.startsWith(".") ? "%2E" + name.substring(1) : name;
    }

    /**
     * Creates the directory if it does not exist, and locks it.
     *
     * @throws UserException if it cannot be used, or another process uses it
     */
    public static StateDirectory open(Path path) {
        FileChannel channel;
        try {
            Files.createDirectories(path.resolve(CHECKPOINTS));
            Files.createDirectories(path.resolve(SAVEPOINTS));
            channel =
                    FileChannel.open(
                            path.resolve(LOCK),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new UserException(
                    "the job's state cannot be kept in "
                            + path
                            + " (--state): "
                            + Failures.reason(e),
                    e);
        }
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return new StateDirectory(path.toAbsolutePath(), channel);
            }
        } catch (IOException | OverlappingFileLockException e) {
            throw closing(channel, new UserException(inUse(path), e));
        }
        throw closing(channel, new UserException(inUse(path)));
    }

    private static UserException closing(FileChannel channel, UserException failure) {
        try {
            channel.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    private static String inUse(Path path) {
        return "another process runs this job: it uses the state in "
                + path
                + ". Stop it, or run another job with another job.name or --state";
    }

    /** Returns the path of the directory. */
    public Path path() {
        return path;
    }

    Path checkpoints() {
        return path.resolve(CHECKPOINTS);
    }

    Path savepoints() {
        return path.resolve(SAVEPOINTS);
    }

    /**
     * Returns all complete checkpoints and savepoints in the directory, the newest first: those of
     * the highest epoch, and of these the one with the highest number.
     *
     * @throws UserException if one of them cannot be read
     */
    public List<JobCheckpoint> newestFirst() {
        List<JobCheckpoint> checkpoints = new ArrayList<>();
        try (Stream<Path> files = Files.walk(path, DEPTH)) {
            for (Path file :
                    files.filter(each -> each.endsWith(METADATA)).map(Path::getParent).toList()) {
                checkpoints.add(read(file));
            }
        } catch (IOException e) {
            throw new UserException(
                    "the job's state in " + path + " cannot be read: " + Failures.reason(e), e);
        }
        checkpoints.sort(
                Comparator.comparingLong(JobCheckpoint::epoch)
                        .thenComparingLong(JobCheckpoint::id)
                        .reversed());
        return checkpoints;
    }

    /**
     * Deletes all checkpoints and savepoints but the newest three, and all other files of jobs that
     * have none left. Flink itself deletes only checkpoints of the job that runs.
     *
     * @param newestFirst {@link #newestFirst()}
     */
    public void deleteAllButNewest(List<JobCheckpoint> newestFirst) throws IOException {
        Set<Path> kept = new HashSet<>();
        for (int i = 0; i < newestFirst.size(); i++) {
            String location = newestFirst.get(i).path();
            Path checkpoint = Path.of(new org.apache.flink.core.fs.Path(location).toUri());
            if (i < RETAINED) {
                kept.add(checkpoint.getParent());
            } else {
                Directories.delete(checkpoint);
            }
        }
        if (Files.isDirectory(checkpoints())) {
            try (Stream<Path> jobs = Files.list(checkpoints())) {
                for (Path job : jobs.filter(each -> !kept.contains(each)).toList()) {
                    Directories.delete(job); // with the files that incremental checkpoints shared
                }
            }
        }
    }

    private static JobCheckpoint read(Path directory) {
        try {
            return JobCheckpoint.read(directory.toUri().toString());
        } catch (IOException | RuntimeException e) {
            throw new UserException(
                    "the checkpoint in "
                            + directory
                            + " is damaged: "
                            + Failures.reason(e)
                            + ". If it is the newest, results after the one before it would be"
                            + " published twice; move it away to continue from the one before, with"
                            + " --roll-back",
                    e);
        }
    }

    /** Unlocks the directory. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
