package dev.gatun.architecture;

import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Optional;

/** Who may import whom. Each rule holds over no classes too, since rooms are furnished one after another. */
final class ImportRules {
  private static final String VECTOR_API = "jdk.incubator.vector..";
  private static final String TORNADO_VM = "uk.ac.manchester.tornado..";

  private ImportRules() {}

  static ArchRule usesOnlyItsRooms(Room room) {
    return classes().that(are(in(room))).should(useOnlyRoomsAllowedTo(room))
        .as(room + " uses only the rooms it may").allowEmptyShould(true);
  }

  static ArchRule apiNamesNoDowncallVectorOrTornadoType() {
    return noClasses().that(are(in(Room.API))).should().dependOnClassesThat().resideInAnyPackage(VECTOR_API, TORNADO_VM)
        .orShould().dependOnClassesThat().belongToAnyOf(
            java.lang.foreign.Linker.class, java.lang.foreign.SymbolLookup.class, java.lang.foreign.FunctionDescriptor.class)
        .as("the API names no downcall, Vector API or TornadoVM type").allowEmptyShould(true);
  }

  static ArchRule vectorApiStaysInCpu() {
    return noClasses().that(are(DescribedPredicate.not(in(Room.CPU)))).should().dependOnClassesThat().resideInAPackage(VECTOR_API)
        .as("incubator types stay in dev.gatun.cpu").allowEmptyShould(true);
  }

  static ArchRule tornadoVmStaysInTornado() {
    return noClasses().that(are(DescribedPredicate.not(in(Room.TORNADO)))).should().dependOnClassesThat().resideInAPackage(TORNADO_VM)
        .as("TornadoVM's types stay in dev.gatun.tornado").allowEmptyShould(true);
  }

  static ArchRule onlyTheCommandPrints() {
    return noClasses().that().resideOutsideOfPackage("dev.gatun.decoder.cli..").should().accessField(System.class, "out")
        .as("only the gatun command prints to standard output").allowEmptyShould(true);
  }

  static ArchRule everyClassHasARoom() {
    return classes().should().resideInAPackage("dev.gatun..").as("every class lies under dev.gatun").allowEmptyShould(true);
  }

  private static DescribedPredicate<JavaClass> in(Room room) {
    return DescribedPredicate.describe("in room " + room, type -> Room.ofPackage(type.getPackageName()).equals(Optional.of(room)));
  }

  private static ArchCondition<JavaClass> useOnlyRoomsAllowedTo(Room room) {
    return new ArchCondition<>("use only rooms allowed to " + room) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
          Optional<Room> used = Room.ofPackage(dependency.getTargetClass().getBaseComponentType().getPackageName());
          if (used.isPresent() && !room.mayUse(used.get())) {
            events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
          }
        }
      }
    };
  }
}
