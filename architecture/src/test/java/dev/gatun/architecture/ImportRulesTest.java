package dev.gatun.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import dev.gatun.bench.fixture.Harness;
import dev.gatun.cpu.fixture.Lanes;
import dev.gatun.cpu.fixture.PrintsToStandardOutput;
import dev.gatun.cpu.fixture.UsesBench;
import dev.gatun.cpu.fixture.UsesFfi;
import dev.gatun.cuda.fixture.UsesCpu;
import dev.gatun.cuda.fixture.UsesTornadoVm;
import dev.gatun.decoder.cli.fixture.Prints;
import dev.gatun.decoder.cli.fixture.ReachesBackend;
import dev.gatun.decoder.cli.fixture.Validates;
import dev.gatun.decoder.fixture.UsesBackend;
import dev.gatun.decoder.fixture.UsesCommand;
import dev.gatun.decoder.fixture.UsesSuite;
import dev.gatun.decoder.fixture.UsesVectors;
import dev.gatun.ffi.fixture.KnowsTensors;
import dev.gatun.spi.fixture.HandsOutLinker;
import dev.gatun.spi.fixture.NamesBackend;
import dev.gatun.spi.fixture.ReturnsVector;
import dev.gatun.tck.fixture.SharesCodeWithBackend;
import dev.gatun.tck.fixture.UsesDecoder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ImportRulesTest {
  static List<ArchRule> rules() {
    return Stream.concat(
        Stream.of(Room.values()).map(ImportRules::usesOnlyItsRooms),
        Stream.of(ImportRules.apiNamesNoDowncallVectorOrTornadoType(), ImportRules.vectorApiStaysInCpu(), ImportRules.tornadoVmStaysInTornado(),
            ImportRules.onlyTheCommandPrints(), ImportRules.everyClassHasARoom())).toList();
  }

  @ParameterizedTest
  @MethodSource("rules")
  void theHouseKeepsTheRule(ArchRule rule) {
    rule.check(Published.CLASSES);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void theRuleHoldsInAnEmptyHouse(ArchRule rule) {
    rule.check(new ClassFileImporter().importClasses());
  }

  static Stream<Arguments> violations() {
    return Stream.of(
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.API), NamesBackend.class),
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.FFI), KnowsTensors.class),
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.CPU), UsesBench.class),
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.CPU), UsesFfi.class),
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.CUDA), UsesCpu.class),
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.TCK), SharesCodeWithBackend.class),
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.DECODER), UsesBackend.class),
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.DECODER), UsesSuite.class),
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.DECODER), UsesCommand.class),
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.COMMAND), ReachesBackend.class),
        Arguments.of(ImportRules.usesOnlyItsRooms(Room.TCK), UsesDecoder.class),
        Arguments.of(ImportRules.apiNamesNoDowncallVectorOrTornadoType(), HandsOutLinker.class),
        Arguments.of(ImportRules.apiNamesNoDowncallVectorOrTornadoType(), ReturnsVector.class),
        Arguments.of(ImportRules.vectorApiStaysInCpu(), UsesVectors.class),
        Arguments.of(ImportRules.tornadoVmStaysInTornado(), UsesTornadoVm.class),
        Arguments.of(ImportRules.onlyTheCommandPrints(), PrintsToStandardOutput.class),
        Arguments.of(ImportRules.everyClassHasARoom(), String.class));
  }

  @ParameterizedTest
  @MethodSource("violations")
  void theRuleBites(ArchRule rule, Class<?> violating) {
    EvaluationResult result = rule.evaluate(new ClassFileImporter().importClasses(violating));

    assertThat(result.hasViolation()).isTrue();
    assertThat(result.getFailureReport().toString()).contains(violating.getName());
  }

  @ParameterizedTest
  @MethodSource("rules")
  void theRuleLetsGoodNeighboursBe(ArchRule rule) {
    rule.check(new ClassFileImporter().importClasses(Lanes.class, Harness.class, Prints.class, Validates.class));
  }

  @Test
  void theHouseIsNotEmpty() {
    assertThat(Published.CLASSES.contain("dev.gatun.DType")).isTrue();
  }

  private static final class Published {
    static final JavaClasses CLASSES =
        new ClassFileImporter().importPaths(House.PUBLISHED.stream().map(House::classes).toArray(Path[]::new));
  }
}
